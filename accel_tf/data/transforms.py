"""Applies the affine map of every frame to frames, labels and flow.

A map takes pixels of the result to those of the source, so every image is
sampled once, whatever is done to it.
"""

import tensorflow as tf

from accel_tf.data.label_maps import IGNORE


def transform_frames(frames, transforms, size):
    """Samples frames bilinearly, mirrored at their borders.

    Args:
        frames: uint8 `[T, H, W, 3]`.
        transforms, size: from `random_transforms`.

    Returns:
        uint8 `[T, *size, 3]`.
    """
    boxes, fits = _boxes(frames, transforms, size)

    def sample_boxes():
        # Several times as fast.
        return tf.image.crop_and_resize(
            frames, boxes, tf.range(tf.shape(frames)[0]), size
        )

    def sample_anywhere():
        # Of uint8 it would cut off the fraction, and darken.
        values = tf.cast(frames, tf.float32)
        return _project(values, transforms, size, "BILINEAR", "REFLECT", 0)

    sampled = tf.cond(fits, sample_boxes, sample_anywhere)
    return tf.cast(tf.round(sampled), tf.uint8)


def _boxes(frames, transforms, size):
    """What the result shows, if upright rectangles inside the frames.

    Returns:
        `(boxes, fits)`: float32 `[T, 4]` as `tf.image.crop_and_resize` wants
        them, and whether that is what the transforms mean, for all frames.
    """
    shape = tf.cast(tf.shape(frames)[1:3], tf.float32)
    last = tf.cast(tf.stack(size), tf.float32) - 1
    scale = tf.reverse(tf.linalg.diag_part(transforms[:, :2, :2]), [1])
    starts = transforms[:, 1::-1, 2]
    ends = starts + scale * last
    corners = tf.stack([starts, ends])
    # Beyond the outermost pixels it gives black, also by a rounding error.
    margin = 1e-3
    fits = tf.reduce_all(
        (corners > margin) & (corners < shape - 1 - margin)
    ) & tf.reduce_all((transforms[:, 0, 1] == 0) & (transforms[:, 1, 0] == 0))
    boxes = tf.concat([starts, ends], 1) / tf.tile(shape - 1, [2])
    return boxes, fits


def transform_labels(labels, transform, size):
    """Samples a label map, the nearest pixel; outside is ignored.

    Args:
        labels: uint8 `[H, W]`.
        transform: `[3, 3]`, that of its frame.
        size: `(height, width)` of the result.

    Returns:
        uint8 `size`.
    """
    labels = labels[None, ..., None]
    return _project(
        labels, transform[None], size, "NEAREST", "CONSTANT", IGNORE
    )[0, ..., 0]


def transform_flow(flow, transforms, size):
    """The backward flow between two transformed frames.

    Args:
        flow: float32 `[H, W, 2]`, (dx, dy) in pixels of the source, from the
            current frame to the previous one.
        transforms: `[2, 3, 3]`, of the previous and the current frame.
        size: `(height, width)` of the result.

    Returns:
        float32 `[*size, 2]` in pixels of the result.
    """
    sampled = _project(
        flow[None], transforms[1:], size, "BILINEAR", "REFLECT", 0
    )[0]
    y, x = tf.meshgrid(
        tf.range(size[0], dtype=tf.float32),
        tf.range(size[1], dtype=tf.float32),
        indexing="ij",
    )
    here = tf.stack([x, y], -1)
    source = _apply(transforms[1], here)
    # A mirror image moves the other way.
    sides = tf.cast(tf.shape(flow)[1::-1], tf.float32)
    mirrored = tf.math.floormod(tf.floor((source + 0.5) / sides), 2.0)
    sampled *= 1 - 2 * mirrored
    return _apply(tf.linalg.inv(transforms[0]), source + sampled) - here


def _apply(transform, points):
    return (
        tf.einsum("ij,yxj->yxi", transform[:2, :2], points) + transform[:2, 2]
    )


def _project(images, transforms, size, interpolation, fill_mode, fill_value):
    rows = tf.reshape(transforms, (-1, 9))[:, :8]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=rows,
        output_shape=tf.cast(tf.stack(size), tf.int32),
        fill_value=float(fill_value),
        interpolation=interpolation,
        fill_mode=fill_mode,
    )


def cut(images, transform, size):
    """Crops and flips without sampling, for transforms that do only that.

    Args:
        images: `[..., H, W, C]`.
        transform: `[3, 3]` of an `Augmentation` that does not resample.
        size: `(height, width)` of the result.

    Returns:
        `[..., *size, C]`.
    """
    mirrored = transform[0, 0] < 0
    left = tf.cast(tf.round(transform[0, 2]), tf.int32)
    left -= tf.where(mirrored, size[1] - 1, 0)
    top = tf.cast(tf.round(transform[1, 2]), tf.int32)
    images = images[..., top : top + size[0], left : left + size[1], :]
    return tf.cond(mirrored, lambda: images[..., ::-1, :], lambda: images)
