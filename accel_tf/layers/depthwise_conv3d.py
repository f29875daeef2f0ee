"""Convolution of every channel by itself, over frames, rows and columns."""

import keras
from keras import ops

from accel_tf.layers.clip_time import current_time, fold


@keras.saving.register_keras_serializable(package="accel_tf")
class DepthwiseConv3D(keras.layers.Layer):
    """Depthwise 3-D convolution of frames that lie in the batch.

    Maps `[B * T, h, w, C]` to `[B * T, h / strides, w / strides, C]`, sides
    rounded up; what the frames before and after one are says
    `accel_tf.layers.clip_time`. As many zeros on every side as in PyTorch
    with half the kernel's size as padding. No framework has a quick one: it is
    a sum over time of two-dimensional ones, or of products where the kernel
    covers a single pixel.

    Args:
        kernel_size: odd numbers `(frames, rows, columns)`.
        strides: of rows and columns; frames have 1.
        use_bias: whether there is a bias.
        kernel_initializer: of the kernel `[*kernel_size, C]`; by default
            normal around zero, by the fan-out of PyTorch's layout.
    """

    def __init__(
        self,
        kernel_size,
        strides=1,
        use_bias=False,
        kernel_initializer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.kernel_size = tuple(kernel_size)
        self.strides = strides
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        channels = input_shape[-1]
        shape = (*self.kernel_size, channels)
        initializer = self.kernel_initializer or depthwise_normal(
            self.kernel_size, channels
        )
        self.kernel = self.add_weight(
            name="kernel", shape=shape, initializer=initializer
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(channels,), initializer="zeros"
            )
        self.built = True

    def call(self, x):
        time = current_time()
        taps = self.kernel_size[0]
        frames = time.extend(x, taps, self.name)
        kernel = ops.cast(self.kernel, x.dtype)
        total = None
        for tap in range(taps):
            product = self._within_frames(
                frames[:, tap : tap + time.frames], kernel[tap]
            )
            total = product if total is None else total + product
        if self.bias is not None:
            total = total + ops.cast(self.bias, total.dtype)
        return total

    def _within_frames(self, frames, kernel):
        """`[B, T, h, w, C]` and `[rows, columns, C]` to `[B * T, ...]`."""
        frames = fold(frames)
        rows, columns, channels = kernel.shape
        if rows == columns == self.strides == 1:
            return frames * kernel[0, 0]
        padding = "same"
        if self.strides > 1:
            sides = [(rows // 2,) * 2, (columns // 2,) * 2]
            frames = ops.pad(frames, [(0, 0), *sides, (0, 0)])
            padding = "valid"
        return ops.depthwise_conv(
            frames,
            ops.reshape(kernel, (rows, columns, channels, 1)),
            strides=self.strides,
            padding=padding,
        )

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        sides = [
            side if side is None else -(-side // self.strides) for side in sides
        ]
        return (batch, *sides, channels)

    def get_config(self):
        return {
            **super().get_config(),
            "kernel_size": list(self.kernel_size),
            "strides": self.strides,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            )
            if self.kernel_initializer
            else None,
        }


def depthwise_normal(kernel_size, channels):
    """Normal around zero by the fan-out, counted as PyTorch does.

    There a depthwise kernel is `[channels, 1, ...]`, so that all channels
    count as outputs of each.
    """
    fan_out = channels
    for side in kernel_size:
        fan_out *= side
    return keras.initializers.RandomNormal(stddev=(2.0 / fan_out) ** 0.5)
