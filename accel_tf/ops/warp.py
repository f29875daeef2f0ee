"""Warping of images and features by a dense displacement field."""

from keras import ops

from accel_tf.ops.sampling import bilinear_sample


def dense_image_warp(image, flow):
    """Warps an image as `tensorflow_addons.image.dense_image_warp` does.

    `output[b, j, i] = image[b, j - flow[b, j, i, 0], i - flow[b, j, i, 1]]`,
    bilinear, with positions outside moved to the nearest edge. Mind the two
    conventions: the channels are (y, x) and the flow is *subtracted*.

    Args:
        image: float tensor `[B, H, W, C]`.
        flow: float tensor `[B, H, W, 2]` in pixels, channels (y, x).

    Returns:
        Tensor `[B, H, W, C]` in the dtype of `image`.

    Raises:
        ValueError: if the shapes do not fit together.
    """
    return _warp(image, flow, -1.0, (0, 1), "clamp", "image")


def warp(features, flow, border="zero"):
    """Warps features as Deep Feature Flow and Accel do.

    `output[b, j, i] = features[b, j + flow[b, j, i, 1], i + flow[b, j, i, 0]]`:
    the flow points from the current frame into the previous one and its
    channels are (dx, dy), as FlowNet gives them (Deep Feature Flow,
    CVPR 2017, section 3).

    Args:
        features: float tensor `[B, H, W, C]`.
        flow: float tensor `[B, H, W, 2]` in feature pixels, channels
            (dx, dy).
        border: `"zero"` (pixels outside are zero, as in the published
            models) or `"clamp"` (the nearest edge).

    Returns:
        Tensor `[B, H, W, C]` in the dtype of `features`.

    Raises:
        ValueError: if the shapes do not fit together or `border` is unknown.
    """
    if border not in ("zero", "clamp"):
        raise ValueError(f"border must be 'zero' or 'clamp', got {border!r}.")
    return _warp(features, flow, 1.0, (1, 0), border, "features")


def _warp(image, flow, sign, axes, border, name):
    _check(image, flow, name)
    shape = ops.shape(image)
    batch, height, width = shape[:3]
    flow = ops.cast(flow, "float32")
    rows = ops.cast(ops.arange(height), "float32")[None, :, None]
    columns = ops.cast(ops.arange(width), "float32")[None, None, :]
    y = ops.reshape(rows + sign * flow[..., axes[0]], (batch, height * width))
    x = ops.reshape(
        columns + sign * flow[..., axes[1]], (batch, height * width)
    )
    return ops.reshape(bilinear_sample(image, y, x, border), shape)


def _check(image, flow, name):
    if len(image.shape) != 4:
        raise ValueError(
            f"{name} must be [B, H, W, C], got shape {tuple(image.shape)}."
        )
    known = [
        given is None or wanted is None or given == wanted
        for given, wanted in zip(
            flow.shape, (*image.shape[:3], 2), strict=False
        )
    ]
    if len(flow.shape) != 4 or not all(known):
        raise ValueError(
            f"flow must be [B, H, W, 2] with the B, H, W of {name} "
            f"{tuple(image.shape)}, got shape {tuple(flow.shape)}."
        )
