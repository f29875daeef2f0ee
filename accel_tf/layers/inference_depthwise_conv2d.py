"""Depthwise convolution as TensorFlow does it best with final weights."""

import functools

import keras
import numpy as np

from accel_tf.layers.inference_conv2d import final_value, is_for_elsewhere
from accel_tf.ops.kernels import program_kind


class InferenceDepthwiseConv2D(keras.layers.DepthwiseConv2D):
    """`DepthwiseConv2D` whose weights no longer change; for inference only.

    Within a TensorFlow program the kernel is a constant. Keras cuts the map
    of a dilated convolution into interleaved grids and puts them together
    again, which takes more than twice as long on a processor as TensorFlow's
    operation, which dilates by itself where it has oneDNN (but does not
    differentiate).

    Args:
        zeros: `((top, bottom), (left, right))`, of those put around the map
            before, which then is not copied; with `padding="valid"` only.
    """

    def __init__(self, *args, zeros=((0, 0), (0, 0)), **kwargs):
        super().__init__(*args, **kwargs)
        self.zeros = tuple(map(tuple, zeros))

    def call(self, inputs):
        dilates = tuple(self.dilation_rate) != (1, 1)
        if not runs_on_processor() or (
            dilates and not dilates_by_itself(inputs.dtype)
        ):
            return super().call(self._with_zeros(inputs))
        kernel, padding = final_value(self.kernel), self.padding.upper()
        wider = None
        if kernel is not None and any(map(any, self.zeros)) and not dilates:
            wider = kernel_for_same(
                kernel, inputs.shape[1:3], self.strides, self.zeros
            )
        if wider is not None:
            kernel, padding = wider, "SAME"
        else:
            inputs = self._with_zeros(inputs)
        outputs = depthwise_conv2d(
            inputs,
            self.kernel.value if kernel is None else kernel,
            self.strides,
            padding,
            self.dilation_rate,
        )
        if self.use_bias:
            outputs = keras.ops.add(outputs, self.bias)
        return self.activation(outputs)

    def _with_zeros(self, inputs):
        if not any(map(any, self.zeros)):
            return inputs
        return keras.ops.pad(inputs, ((0, 0), *self.zeros, (0, 0)))

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        sides = [
            side and side + sum(zeros)
            for side, zeros in zip(sides, self.zeros, strict=True)
        ]
        return super().compute_output_shape((batch, *sides, channels))

    def get_config(self):
        return {**super().get_config(), "zeros": self.zeros}


def runs_on_processor():
    """Whether TensorFlow's operation is at hand and does it all."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    # That of graphics cards does not dilate.
    return not tf.config.list_physical_devices("GPU")


def dilates_by_itself(dtype="float32"):
    """Whether TensorFlow's operation dilates where this program will run.

    Args:
        dtype: of the maps; oneDNN has bfloat16 on some processors only.
    """
    if program_kind() == "portable":
        return True  # Another runtime's operation does.
    return not is_for_elsewhere() and _dilates_here(
        keras.backend.standardize_dtype(dtype)
    )


@functools.cache
def _dilates_here(dtype):
    """It does with oneDNN, which not every processor makes TensorFlow use."""
    import tensorflow as tf

    with tf.init_scope():
        try:
            depthwise_conv2d(
                tf.zeros([1, 3, 3, 1], dtype),
                tf.zeros([3, 3, 1, 1], dtype),
                (1, 1),
                "SAME",
                (2, 2),
            )
        except tf.errors.UnimplementedError:
            return False
    return True


def depthwise_conv2d(inputs, kernel, strides, padding, dilations=(1, 1)):
    """TensorFlow's operation.

    Args:
        inputs: tensor `[B, h, w, C]`.
        kernel: tensor or array `[rows, columns, C, multiplier]`.
        strides, dilations: of rows and columns; not both other than 1.
        padding: `"SAME"` or `"VALID"`. There is `"EXPLICIT"`, too, with
            which TensorFlow 2.21 ends the process once there is a bias.

    Returns:
        `[B, h / strides, w / strides, C * multiplier]`.
    """
    import tensorflow as tf

    return tf.raw_ops.DepthwiseConv2dNative(
        input=inputs,
        filter=tf.cast(kernel, inputs.dtype),
        strides=(1, *strides, 1),
        padding=padding,
        dilations=(1, *dilations, 1),
    )


def kernel_for_same(kernel, sizes, strides, zeros):
    """The kernel that gives with `"SAME"` padding what zeros around give.

    TensorFlow puts as many zeros before a map as behind it, or one less.
    Behind a kernel that is made larger by zeros there are more, so that
    those before can be chosen; the map need not be copied to add them.

    Args:
        kernel: array `[rows, columns, ...]`.
        sizes: height and width of the map; `None` where unknown.
        strides: of rows and columns.
        zeros: `((top, bottom), (left, right))` of the wanted ones.

    Returns:
        An array; `None` if there is none.
    """
    more = []
    for size, taps, stride, (before, after) in zip(
        sizes, kernel.shape, strides, zeros, strict=False
    ):
        if size is None:
            return None
        wanted = 2 * before + (size % stride or stride)
        results = (size + before + after - taps) // stride + 1
        if wanted < taps or results != -(-size // stride):
            return None
        more.append((0, wanted - taps))
    return np.pad(kernel, [*more, *[(0, 0)] * (kernel.ndim - 2)])
