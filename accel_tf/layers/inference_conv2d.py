"""Convolution as TensorFlow does it best when its weights are final."""

import contextlib
import contextvars
import functools

import keras

from accel_tf.layers.winograd import (
    is_worth_it,
    is_worth_it_strided,
    transform_kernel,
    transform_strided_kernel,
    winograd_conv2d,
    winograd_strided_conv2d,
)
from accel_tf.ops.final_program import shares_weights
from accel_tf.ops.kernels import kernels_for

_reads_variables = contextvars.ContextVar("reads_variables", default=False)


@contextlib.contextmanager
def variable_kernels():
    """Programs made inside can be saved or converted.

    `InferenceConv2D` reads its variables there, so that all programs share
    them, and operations are `kernels_for` a `"portable"` program.
    """
    token = _reads_variables.set(True)
    try:
        with kernels_for("portable"):
            yield
    finally:
        _reads_variables.reset(token)


def is_for_elsewhere():
    """Whether a program is made that another machine may run."""
    return _reads_variables.get()


def _is_final():
    """Whether a program is being made that takes weights as they are."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not (tf.executing_eagerly() or is_for_elsewhere())


def final_value(variable):
    """What a program may hold as a constant instead of the variable.

    Args:
        variable: a weight that no longer changes.

    Returns:
        An array; `None` where the program has to read the variable, or where
        there is no TensorFlow program at all.
    """
    if not _is_final():
        return None
    import tensorflow as tf

    # Out of the program, where variables have values.
    with tf.init_scope():
        return variable.numpy()


def final_tensor(variable, dtype, transform=None):
    """`final_value` of a large weight, without copies of it.

    A constant is in a program many times: where it was traced, where it is
    optimised, and where it runs. In a `final_program`, and wherever oneDNN
    does not run, programs therefore share one tensor outside of them: that
    of the variable, or what `transform` makes of it.

    Args:
        variable: a weight that no longer changes.
        dtype: of the tensor.
        transform: function from the array of the weight to another.

    Returns:
        A tensor; `None` where the program has to read the variable.
    """
    if not _is_final():
        return None
    import tensorflow as tf

    # Out of the program, where variables have values.
    with tf.init_scope():
        if transform is None:
            value = tf.cast(tf.convert_to_tensor(variable.value), dtype)
        else:
            value = tf.constant(transform(variable.numpy()), dtype)
    return value if shares_weights() else tf.constant(value.numpy())


class InferenceConv2D(keras.layers.Conv2D):
    """`Conv2D` whose weights no longer change; for inference only.

    Within a TensorFlow program (`tf.function`) the kernel is final: oneDNN
    brings it into its own order once and not at every call; and
    on a CPU a wide 3x3 convolution of a known size, or a 5x5 one with stride
    2, takes a quarter to a third of the multiplications (`winograd_conv2d`),
    for a kernel of four or six times the size. Programs made before a change
    of the weights don't notice it; see `variable_kernels` for those that are
    to be saved.

    Keras calls `tf.nn.convolution`, which cuts the map of a dilated
    convolution into interleaved grids and puts them together again; oneDNN
    dilates by itself (but does not differentiate).
    """

    _transformed_kernel = None

    def convolution_op(self, inputs, kernel):
        if keras.backend.backend() != "tensorflow" or self.groups > 1:
            return super().convolution_op(inputs, kernel)
        import tensorflow as tf

        if _is_final() and self._is_fast(inputs):
            return self._winograd(inputs)
        final = final_tensor(self.kernel, inputs.dtype)
        return tf.nn.conv2d(
            inputs,
            tf.cast(kernel, inputs.dtype) if final is None else final,
            strides=self.strides,
            padding=self.padding.upper(),
            dilations=self.dilation_rate,
        )

    def _is_fast(self, inputs):
        """Whether fewer multiplications save time."""
        import tensorflow as tf

        # cuDNN chooses its algorithm itself. In bfloat16 the transforms would
        # round every input and every product once more.
        if inputs.dtype != tf.float32 or tf.config.list_physical_devices("GPU"):
            return False
        if self._is_strided():
            return is_worth_it_strided(inputs.shape, self.filters)
        return (
            self.kernel_size == (3, 3)
            and self.strides == (1, 1)
            and self.padding == "same"
            and self.dilation_rate[0] == self.dilation_rate[1]
            and is_worth_it(inputs.shape, self.filters, self.dilation_rate[0])
        )

    def _is_strided(self):
        return (self.kernel_size, self.strides, self.padding) == (
            (5, 5),
            (2, 2),
            "valid",
        )

    def _winograd(self, inputs):
        import tensorflow as tf

        strided = self._is_strided()
        if self._transformed_kernel is None:
            transform = (
                transform_strided_kernel if strided else transform_kernel
            )
            with tf.init_scope():
                kernel = transform(self.kernel.numpy())
                self._transformed_kernel = tf.constant(kernel)
        kernel = self._transformed_kernel
        convolve = _shared_program(
            tuple(inputs.shape),
            tuple(kernel.shape),
            None if strided else self.dilation_rate[0],
        )
        return convolve(inputs, kernel)


@functools.cache
def _shared_program(shape, kernel_shape, dilation_rate):
    """`winograd_conv2d` for all layers of these shapes.

    Its hundreds of operations are then traced once for each. A program in
    which it is called has them as if they were its own.

    Args:
        shape, kernel_shape: tuples.
        dilation_rate: `None` for `winograd_strided_conv2d`.
    """
    import tensorflow as tf

    def convolve(inputs, kernel):
        if dilation_rate is None:
            return winograd_strided_conv2d(inputs, kernel)
        return winograd_conv2d(inputs, kernel, dilation_rate)

    specs = [tf.TensorSpec(each) for each in (shape, kernel_shape)]
    return tf.function(convolve, specs, autograph=False)
