"""Convolution of every channel by itself, over frames, rows and columns."""

import functools
import operator

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
    a sum over time of two-dimensional ones; where the kernel covers a single
    pixel, of products, or on TensorFlow one of time against pixels.

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
        return self._add_bias(self._convolve(x, self.kernel))

    def _convolve(self, x, kernel):
        """The convolution without bias, in the quickest of its equal forms.

        Args:
            x: `[B * T, h, w, C]`.
            kernel: tensor `[*kernel_size, C]`.

        Returns:
            `[B * T, h / strides, w / strides, C]`.
        """
        time, kernel = current_time(), ops.cast(kernel, x.dtype)
        taps, *window, _ = kernel.shape
        zeros = time.zeros_around(taps)
        if keras.backend.backend() == "tensorflow":
            if window == [1, 1] and self.strides == 1:
                return self._over_time(x, kernel, time)
            if zeros is not None:
                maps = [self._within_frames(x, kernel[i]) for i in range(taps)]
                return shifted_sum(maps, zeros[0], time)
        frames = time.extend(x, taps, self.name)
        return _sum(
            self._within_frames(
                fold(frames[:, tap : tap + time.frames]), kernel[tap]
            )
            for tap in range(taps)
        )

    def _over_time(self, x, kernel, time):
        """All frames at once, as rows of a map whose columns are pixels.

        TensorFlow has a quick convolution of such maps, with a gradient that
        is many times as quick as that of products.
        """
        taps, _, _, channels = kernel.shape
        padding = "valid"
        if time.zeros_around(taps) == (taps // 2, taps // 2):
            frames, padding = time.unfold(x), "same"
        else:
            frames = time.extend(x, taps, self.name)
        _, length, height, width, _ = ops.shape(frames)
        rows = ops.reshape(frames, (-1, length, height * width, channels))
        kernel = ops.reshape(kernel, (taps, 1, channels, 1))
        rows = ops.depthwise_conv(rows, kernel, padding=padding)
        return ops.reshape(rows, (-1, height, width, channels))

    def _within_frames(self, frames, kernel):
        """`[B * T, h, w, C]` and `[rows, columns, C]` to `[B * T, ...]`."""
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

    def _add_bias(self, x):
        if self.bias is None:
            return x
        return x + ops.cast(self.bias, x.dtype)

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


def shifted_sum(maps, before, time):
    """The sum of what the taps of a kernel make of every frame.

    Shifts results instead of inputs, so that no piece of these is copied.

    Args:
        maps: list of `[B * T, ...]`, one for each tap.
        before: taps for frames before the one that is computed; as many
            shifts in time has the first.
        time: the `Time` of the frames, with zeros around.

    Returns:
        `[B * T, ...]`.
    """
    rest = [(0, 0)] * (len(maps[0].shape) - 1)
    past, future = None, None
    for x in maps[:before]:
        x = time.unfold(x if past is None else past + x)
        past = fold(ops.pad(x[:, :-1], [(0, 0), (1, 0), *rest]))
    for x in reversed(maps[before + 1 :]):
        x = time.unfold(x if future is None else future + x)
        future = fold(ops.pad(x[:, 1:], [(0, 0), (0, 1), *rest]))
    parts = [maps[before], past, future]
    return _sum(x for x in parts if x is not None)


def _sum(tensors):
    return functools.reduce(operator.add, tensors)


def depthwise_normal(kernel_size, channels):
    """Normal around zero by the fan-out, counted as PyTorch does.

    There a depthwise kernel is `[channels, 1, ...]`, so that all channels
    count as outputs of each.
    """
    fan_out = channels
    for side in kernel_size:
        fan_out *= side
    return keras.initializers.RandomNormal(stddev=(2.0 / fan_out) ** 0.5)
