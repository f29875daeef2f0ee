"""What a function of tensors gives, without computing it."""

import keras


def dry_run(function, *shapes):
    """Shapes and types of a function's results.

    The backend goes through the function as if it compiled it: every layer
    is called, and shapes that do not fit end in an error. Keras' own account
    of a functional model overlooks some of these.

    Args:
        function: of tensors; layers that it calls are built.
        *shapes: of float32 inputs; no `None`.

    Returns:
        What the function gives, with `keras.KerasTensor` for tensors.
    """

    class Whole(keras.layers.Layer):
        def call(self, *inputs):
            return function(*inputs)

    inputs = [keras.KerasTensor(shape, "float32") for shape in shapes]
    return Whole(autocast=False).compute_output_spec(*inputs)
