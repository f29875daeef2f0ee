"""What a step can tell of a frame, for those who choose the key frames."""

from keras import ops

from accel_tf.models.signal_names import MOTION, RESIDUAL
from accel_tf.ops import warp
from accel_tf.ops.resample import resample, resample_flow

# A coarser grid tells as much, at next to no cost.
_STRIDE = 8


def flow_signals(names, estimator, images, flow, stride, frame_size):
    """`MOTION` and `RESIDUAL`, those that are asked for.

    Args:
        names: of the signals that are wanted; others are left out.
        estimator: the `FlowNetwork` or `DenseInverseSearch`.
        images: what it observed of the frame and of the one before.
        flow: `[B, h, w, 2]`, (dx, dy), to the frame before.
        stride: of the flow, in whose pixels it is.
        frame_size: `(height, width)` of the frame.

    Returns:
        dict of name -> float32 `[B]`.
    """
    flow = ops.cast(flow, "float32")
    signals = {}
    if MOTION in names:
        way = ops.sqrt(ops.sum(ops.square(flow), axis=-1))
        height = ops.cast(frame_size[0], "float32")
        signals[MOTION] = ops.mean(way, axis=(1, 2)) * stride / height
    if RESIDUAL in names:
        coarse = max(_STRIDE, stride)
        size = [(side + coarse - 1) // coarse for side in frame_size]
        now, before = (
            resample(brightness(each), estimator.observed_stride, coarse, size)
            for each in images
        )
        moved = warp(
            before, resample_flow(flow, stride, coarse, size), border="clamp"
        )
        signals[RESIDUAL] = ops.mean(ops.abs(now - moved), axis=(1, 2, 3))
    return signals


def brightness(observed):
    """Of 1, about any middle, from grey pixels or a `flow_image`."""
    if ops.is_tensor(observed) and "int" in str(observed.dtype):
        return ops.cast(observed, "float32") / 255.0
    return ops.cast(ops.convert_to_tensor(observed), "float32")


def disagreement(scores, others):
    """`DISAGREEMENT` of two score maps `[B, h, w, classes]`: float32 `[B]`."""
    differ = ops.argmax(scores, axis=-1) != ops.argmax(others, axis=-1)
    return ops.mean(ops.cast(differ, "float32"), axis=(1, 2))
