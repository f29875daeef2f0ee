"""Calls of NumPy functions from within a model, on any backend."""

import keras
import numpy as np
from keras import ops


def call_on_host(function, inputs, shape, dtype="float32"):
    """What a NumPy function gives, as a tensor.

    For what has no form in Keras' operations: OpenCV's optical flow, a model
    of another library, a user's own program. It runs on the processor, also
    from within a compiled program; gradients end here. A program that holds
    such a call cannot be stored, for the function is not a part of it.

    Args:
        function: takes NumPy arrays, one for each input; gives one array.
            It must not keep them.
        inputs: list of tensors.
        shape: of the result; entries may be scalar tensors.
        dtype: of the result.

    Returns:
        Tensor of that shape and dtype.
    """

    def checked(*arrays):
        result = function(*map(np.asarray, arrays))
        return np.ascontiguousarray(result, dtype)

    inputs = [ops.stop_gradient(ops.convert_to_tensor(x)) for x in inputs]
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        result = tf.numpy_function(checked, inputs, dtype)
        result.set_shape(
            [side if isinstance(side, int) else None for side in shape]
        )
        return result
    if backend == "jax":
        import jax

        return jax.pure_callback(
            checked, jax.ShapeDtypeStruct(tuple(shape), dtype), *inputs
        )
    return ops.convert_to_tensor(
        checked(*map(ops.convert_to_numpy, inputs)), dtype
    )
