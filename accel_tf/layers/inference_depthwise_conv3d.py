"""Depthwise convolution over time and pixels with final weights."""

import functools

from accel_tf.layers.clip_time import WholeClip, current_time
from accel_tf.layers.depthwise_conv3d import DepthwiseConv3D, shifted_sum
from accel_tf.layers.inference_conv2d import final_value
from accel_tf.layers.inference_depthwise_conv2d import (
    depthwise_conv2d,
    kernel_for_same,
    runs_on_processor,
)
from accel_tf.ops.kernels import compiles_with_xla


class InferenceDepthwiseConv3D(DepthwiseConv3D):
    """`DepthwiseConv3D` whose weights no longer change; for inference only.

    Within a TensorFlow program kernels are constants, neither frames nor
    zeros around them are copied, and XLA writes the sum over time at once.
    """

    def call(self, x):
        kernel = final_value(self.kernel) if runs_on_processor() else None
        if kernel is None:
            return super().call(x)
        time = current_time()
        zeros = time.zeros_around(len(kernel))
        if zeros is None or None in x.shape[1:]:
            return super().call(x)
        _, rows, columns, _ = kernel.shape
        if rows == columns == self.strides == 1:
            return self._final_over_time(x, kernel, zeros, time)
        return self._final_sum(x, kernel, zeros[0], time)

    def _final_over_time(self, x, kernel, zeros, time):
        import tensorflow as tf

        _, height, width, channels = x.shape
        rows = (-1, time.frames, height * width, channels)
        # Any size gives the same kernel, as the strides are 1.
        kernel = kernel_for_same(
            kernel.reshape(-1, 1, channels, 1), (1, 1), (1, 1), (zeros, (0, 0))
        )
        x = depthwise_conv2d(tf.reshape(x, rows), kernel, (1, 1), "SAME")
        return tf.reshape(self._add_bias(x), (-1, height, width, channels))

    def _final_sum(self, x, kernel, before, time):
        maps = [self._final_within_frames(x, tap) for tap in kernel]
        maps[before] = self._add_bias(maps[before])
        if len(maps) > 1 and _is_known(x, time) and compiles_with_xla():
            shapes = (tuple(maps[0].shape),) * len(maps)
            return _sum_of(shapes, x.dtype, before, time.frames)(*maps)
        return shifted_sum(maps, before, time)

    def _final_within_frames(self, x, kernel):
        import tensorflow as tf

        zeros = tuple((side // 2,) * 2 for side in kernel.shape[:2])
        strides = (self.strides,) * 2
        kernel = kernel[..., None]
        wider = kernel_for_same(kernel, x.shape[1:3], strides, zeros)
        if wider is not None:
            return depthwise_conv2d(x, wider, strides, "SAME")
        x = tf.pad(x, [(0, 0), *zeros, (0, 0)])
        return depthwise_conv2d(x, kernel, strides, "VALID")


def _is_known(x, time):
    """Whether a program of one size will do."""
    return None not in x.shape and isinstance(time.frames, int)


@functools.cache
def _sum_of(shapes, dtype, before, frames):
    """`shifted_sum` of maps of these shapes, compiled by XLA.

    A function for each: TensorFlow warns of one that is traced for many.
    """
    import tensorflow as tf

    return tf.function(
        lambda *maps: shifted_sum(list(maps), before, WholeClip(frames)),
        [tf.TensorSpec(shape, dtype) for shape in shapes],
        jit_compile=True,
        autograph=False,
    )
