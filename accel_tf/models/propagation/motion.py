"""How pixels moved since the last frame, and whether that can be trusted."""

from keras import ops

from accel_tf.ops import warp
from accel_tf.ops.resample import resample, resample_flow

TOLERANCE = 0.1
"""Difference of brightness, of 1, at which trust has fallen to 1/e."""


def find_motion(estimator, current, previous, stride, size, training=None):
    """Flow and trust between two frames, on a grid of one's own.

    Args:
        estimator: a `FlowNetwork` or `DenseInverseSearch`.
        current, previous: from its `observe`.
        stride: of the grid, in pixels of the frame.
        size: `(height, width)` of the grid.
        training: passed on to the estimator.

    Returns:
        `(flow, trust)`: float32 `[B, height, width, 2]`, (dx, dy) in pixels
        of the grid, where in the previous frame the content of a pixel was;
        and float32 `[B, height, width, 1]`, 0..1, see `photometric_trust`.
    """
    flow = ops.cast(
        estimator([current, previous], training=training), "float32"
    )
    # No finer than that: it is one number for some pixels anyway.
    fine = max(estimator.observed_stride, 2)
    seen = [
        -(-side * estimator.observed_stride // fine)
        for side in ops.shape(current)[1:3]
    ]
    images = [
        resample(_brightness(image), estimator.observed_stride, fine, seen)
        for image in (current, previous)
    ]
    trust = photometric_trust(
        *images, resample_flow(flow, estimator.output_stride, fine, seen)
    )
    return (
        resample_flow(flow, estimator.output_stride, stride, size),
        resample(trust, fine, stride, size),
    )


def photometric_trust(current, previous, flow):
    """Where the previous frame, moved along the flow, looks like this one.

    A pixel that the flow takes to another brightness was hidden before, or
    the flow is wrong there; one that comes from outside of the frame was
    not seen. Neither can be told from brightness alone where there is no
    texture, but there an error hardly shows.

    Args:
        current, previous: float `[B, H, W, C]`, brightness of 0..1 about any
            middle.
        flow: float `[B, H, W, 2]`, (dx, dy) in pixels.

    Returns:
        float32 `[B, H, W, 1]`: 1 where both are equal, 0 outside.
    """
    moved = warp(previous, flow, border="clamp")
    difference = ops.mean(ops.abs(current - moved), axis=-1, keepdims=True)
    # Of 3x3 pixels, so that noise does not count.
    difference = ops.average_pool(difference, 3, strides=1, padding="same")
    trust = ops.exp(-ops.square(difference / TOLERANCE))
    return trust * ops.cast(_is_inside(flow), "float32")


def _brightness(observed):
    """0..1, from greyscale pixels or from a `flow_image`."""
    if ops.is_tensor(observed) and "int" in str(observed.dtype):
        return ops.cast(observed, "float32") / 255.0
    return ops.convert_to_tensor(observed, "float32")


def _is_inside(flow):
    """Whether a pixel comes from within the frame, `[B, H, W, 1]`."""
    height, width = ops.shape(flow)[1:3]
    columns = ops.cast(ops.arange(width), "float32") + flow[..., 0]
    rows = ops.cast(ops.arange(height), "float32")[:, None] + flow[..., 1]
    inside = ops.logical_and(
        ops.logical_and(columns > -1, columns < ops.cast(width, "float32")),
        ops.logical_and(rows > -1, rows < ops.cast(height, "float32")),
    )
    return inside[..., None]
