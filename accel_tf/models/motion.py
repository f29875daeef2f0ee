"""How pixels moved since the last frame, and whether that can be trusted."""

from keras import ops

from accel_tf.models.signals import brightness
from accel_tf.ops import warp
from accel_tf.ops.resample import resample, resample_flow

PHOTOMETRIC = "photometric"
CONSISTENCY = "forward-backward"
BOTH = "both"
TRUSTS = (PHOTOMETRIC, CONSISTENCY, BOTH)
"""What tells how far a flow is to be trusted."""

TOLERANCE = 0.1
"""Difference of brightness, of 1, at which trust has fallen to 1/e."""


def find_motion(
    estimator,
    current,
    previous,
    stride,
    size,
    kind=PHOTOMETRIC,
    training=None,
):
    """Flow and trust between two frames, on a grid of one's own.

    Args:
        estimator: a `FlowNetwork` or `DenseInverseSearch`.
        current, previous: from its `observe`.
        stride: of the grid, in pixels of the frame.
        size: `(height, width)` of the grid.
        kind: one of `TRUSTS`; all but the first need the flow back too.
        training: passed on to the estimator.

    Returns:
        `(flow, trust)`: float32 `[B, height, width, 2]`, (dx, dy) in pixels
        of the grid, where in the previous frame the content of a pixel was;
        and float32 `[B, height, width, 1]`, 0..1, see `photometric_trust`
        and `consistency_trust`; the product of the two for `BOTH`.
    """
    flow, back = _find_flows(estimator, current, previous, kind, training)
    trusts = []
    if kind != CONSISTENCY:
        trusts.append(
            seen_trust(estimator, current, previous, flow, stride, size)
        )
    if back is not None:
        # Of the pixels that the estimator looks at, as its errors are.
        pixels = estimator.output_stride / estimator.observed_stride
        trust = consistency_trust(flow, back, pixels)
        trusts.append(resample(trust, estimator.output_stride, stride, size))
    return (
        resample_flow(flow, estimator.output_stride, stride, size),
        trusts[0] if len(trusts) == 1 else trusts[0] * trusts[1],
    )


def needs_flow_back(kind):
    """Whether a kind of trust costs a second flow."""
    return kind != PHOTOMETRIC


def _find_flows(estimator, current, previous, kind, training):
    """Flow to the previous frame, and the one back or `None`."""
    if not needs_flow_back(kind):
        flow = estimator([current, previous], training=training)
        return ops.cast(flow, "float32"), None
    batch = ops.shape(current)[0]
    there = ops.concatenate([current, previous], axis=0)
    back = ops.concatenate([previous, current], axis=0)
    flows = ops.cast(estimator([there, back], training=training), "float32")
    return flows[:batch], flows[batch:]


def seen_trust(estimator, current, previous, flow, stride, size):
    """`photometric_trust` on a grid of one's own.

    It is found no finer than for every second pixel.

    Args:
        estimator, current, previous, stride, size: as for `find_motion`.
        flow: float32 `[B, h, w, 2]`, as the estimator gives it.

    Returns:
        float32 `[B, height, width, 1]`, 0..1.
    """
    fine = max(estimator.observed_stride, 2)
    seen = [
        -(-side * estimator.observed_stride // fine)
        for side in ops.shape(current)[1:3]
    ]
    images = [
        resample(brightness(image), estimator.observed_stride, fine, seen)
        for image in (current, previous)
    ]
    trust = photometric_trust(
        *images, resample_flow(flow, estimator.output_stride, fine, seen)
    )
    return resample(trust, fine, stride, size)


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


def consistency_trust(flow, back, pixels=1.0):
    """Where the flow back leads to where the flow came from.

    What was hidden before has no counterpart, so that the flow back from
    where it seems to come from leads elsewhere. The limit is that of Sundaram
    et al., "Dense Point Trajectories by GPU-accelerated Large Displacement
    Optical Flow", ECCV 2010: |f + b|^2 = 0.01 (|f|^2 + |b|^2) + 0.5.

    Args:
        flow: float `[B, H, W, 2]`, (dx, dy) in pixels, from the current frame
            into the previous one.
        back: the same, from the previous frame into the current one.
        pixels: how many of those that the limit's half pixel is meant for
            one of the flow is.

    Returns:
        float32 `[B, H, W, 1]`: 1 where both agree, 1/e at the limit, 0
        outside of the frame.
    """
    back = warp(back, flow, border="clamp")
    apart, moved = (
        pixels**2 * ops.sum(ops.square(vectors), axis=-1, keepdims=True)
        for vectors in (flow + back, ops.concatenate([flow, back], axis=-1))
    )
    trust = ops.exp(-apart / (0.01 * moved + 0.5))
    return trust * ops.cast(_is_inside(flow), "float32")


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
