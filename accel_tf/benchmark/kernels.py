"""Warp and deformable convolution against a copy and a plain convolution."""

import numpy as np

from accel_tf.benchmark import devices
from accel_tf.benchmark.limits import MemoryCopy, time_calls

WARPED = (1, 64, 128, 2048)
CONVOLVED = (1, 32, 64, 512)
GROUPS = (1, 4)
REPEATS = 3
COPY = "memory copy"
WARP = "dense_image_warp"
STREAM_WARP = "dense_image_warp in a stream's step"
PLAIN = "plain dilated convolution"


class Kernels:
    """Compiled TensorFlow programs of one operation each.

    The warp moves by some pixels, differently everywhere; the copy is one of
    as many bytes. The convolutions are 3x3, dilated by 2, with as many
    filters as channels, the deformable ones displaced by some pixels too.

    Args:
        threads: as for `devices.prepare`.
        further_warps: dict of name -> function without arguments that gives
            a function like `dense_image_warp`, importable by name.
        warped, convolved: shapes of the features.
    """

    def __init__(
        self, threads, further_warps=(), warped=WARPED, convolved=CONVOLVED
    ):
        devices.prepare("tensorflow", threads, "cpu")
        import tensorflow as tf

        from accel_tf import ops
        from accel_tf.ops.kernels import kernels_for

        def in_step(operation):
            """As `compile_step` takes it."""

            def call(*inputs, **options):
                with kernels_for("tensorflow"):
                    return operation(*inputs, **options)

            return call

        numbers = np.random.default_rng(0)

        def tensor(*shape, scale=1.0):
            values = scale * numbers.standard_normal(shape)
            return tf.constant(values.astype("float32"))

        features = tensor(*warped)
        flow = _smooth(tensor(*(warped[:3]), 2, scale=30.0))
        warps = {
            WARP: ops.dense_image_warp,
            STREAM_WARP: in_step(ops.dense_image_warp),
        }
        warps |= {name: load() for name, load in dict(further_warps).items()}
        copy = MemoryCopy(features.numpy().nbytes)
        self.calls = {COPY: lambda: np.copyto(copy.target, copy.source)}
        for name, warp in warps.items():
            self._add(tf, name, warp, features, flow)

        images = tensor(*convolved)
        channels = convolved[-1]
        kernel = tensor(3, 3, channels, channels, scale=0.02)
        self._add(tf, PLAIN, _plain_convolution, images, kernel)
        for groups in GROUPS:
            offsets = tensor(*convolved[:3], groups * 18, scale=2.0)

            def deformable(images, offsets, kernel, groups=groups):
                return in_step(ops.deformable_conv2d)(
                    images,
                    offsets,
                    kernel,
                    dilation_rate=2,
                    deformable_groups=groups,
                )

            name = deformable_name(groups)
            self._add(tf, name, deformable, images, offsets, kernel)

    def _add(self, tf, name, function, *inputs):
        program = tf.function(
            lambda *inputs: function(*inputs), autograph=False
        )
        self.calls[name] = lambda: program(*inputs)

    def time(self):
        """Processor seconds of each kernel: dict of name -> list."""
        return {
            name: [processor for _, processor in time_calls(call, REPEATS)]
            for name, call in self.calls.items()
        }


def deformable_name(groups):
    """The name of the row of a deformable convolution."""
    return f"deformable convolution, {groups} group{'s' * (groups > 1)}"


def compared_with(name):
    """The kernels that a kernel is set against."""
    if name in (COPY, PLAIN):
        return []
    return [PLAIN] if name.startswith("deformable") else [COPY, WARP]


def _plain_convolution(images, kernel):
    import tensorflow as tf

    return tf.nn.conv2d(images, kernel, 1, "SAME", dilations=2)


def _smooth(flow):
    """Averaged over 9x9 pixels: neighbours move together."""
    import tensorflow as tf

    return tf.nn.avg_pool2d(flow, 9, 1, "SAME")
