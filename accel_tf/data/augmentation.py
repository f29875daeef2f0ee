"""Paired transforms: the same for every frame of a clip, its label and flow.

All geometry of a clip (crop, scale, flip, a moving camera) is one affine map
per frame from the pixels of the result to those of the source, so every image
is sampled once.
"""

import dataclasses
import math

import tensorflow as tf

from accel_tf.data.label_maps import IGNORE


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """What is done to a clip at random; each part can be left out.

    Attributes:
        crop: `(height, width)` of the result in pixels; `None` keeps the
            frame's size. Without `scale` and `camera_motion` a crop is cut
            out exactly, pixel by pixel.
        flip: mirrors half of the clips left to right.
        scale: `(least, most)` factor by which a clip is enlarged; drawn
            evenly on a logarithmic scale. What lies outside the frame is
            mirrored from inside and its label ignored. Frames are not
            smoothed before they shrink.
        color: 0..1; strength of random brightness, contrast and tint.
        camera_motion: strength of a simulated camera that moves on through
            every frame of the clip: it approaches, pans and rolls. 1 is about
            what a car does in 1/15 s. It makes clips from stills.

    Raises:
        ValueError: if a value is out of its range.
    """

    crop: tuple[int, int] | None = None
    flip: bool = True
    scale: tuple[float, float] | None = None
    color: float = 0.0
    camera_motion: float = 0.0

    def __post_init__(self):
        if self.crop is not None and not _is_size(self.crop):
            raise ValueError(
                f"crop must be (height, width) in pixels, not {self.crop}"
            )
        if self.scale is not None and not _is_range(self.scale):
            raise ValueError(
                f"scale must be (least, most), both above 0, not {self.scale}"
            )
        if not 0 <= self.color <= 1:
            raise ValueError(f"color must be 0 to 1, not {self.color}")
        if not 0 <= self.camera_motion < math.inf:
            raise ValueError(
                "camera_motion must be 0 or more and finite, not "
                f"{self.camera_motion}"
            )

    @property
    def resamples(self):
        """Whether pixels of the result lie between those of the source."""
        return self.scale is not None or self.camera_motion > 0


def _is_size(value):
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(isinstance(side, int) and side > 0 for side in value)
    )


def _is_range(value):
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and 0 < value[0] <= value[1] < math.inf
    )


def random_transforms(augmentation, length, source_size, seed):
    """Draws the affine map of every frame of a clip.

    Args:
        augmentation: `Augmentation`.
        length: frames in the clip; the last is the current one.
        source_size: `(height, width)` of the frames.
        seed: int32 or int64 `[2]`.

    Returns:
        `(transforms, size)`: float32 `[length, 3, 3]`, homogeneous, from
        (x, y, 1) in pixels of the result to the source; and the result's
        `(height, width)`.
    """
    height, width = (tf.cast(side, tf.float32) for side in source_size)
    size = augmentation.crop or source_size
    rows, columns = (tf.cast(side, tf.float32) for side in size)
    draw = tf.unstack(tf.random.stateless_uniform([9], seed))
    flip = 1.0
    if augmentation.flip:
        flip = tf.where(draw[0] < 0.5, -1.0, 1.0)
    zoom = 1.0
    if augmentation.scale is not None:
        least, most = map(math.log, augmentation.scale)
        zoom = tf.exp(least + (most - least) * draw[1])

    def centre(share, side, window):
        # Anywhere inside the frame; in its middle if it does not fit.
        room = tf.maximum(side - window / zoom, 0.0)
        if not augmentation.resamples:
            room_start = tf.floor(share * (room + 1))
            return tf.minimum(room_start, room) + (window - 1) / 2
        return (side - 1) / 2 + (share - 0.5) * room

    x = centre(draw[2], width, columns)
    y = centre(draw[3], height, rows)
    current = _matrix(
        flip / zoom,
        0.0,
        x - flip / zoom * (columns - 1) / 2,
        0.0,
        1 / zoom,
        y - 1 / zoom * (rows - 1) / 2,
    )
    frames = []
    for index in range(length):
        frames_before = (length - 1 - index) * augmentation.camera_motion
        motion = _camera(draw[4:], frames_before, width, height)
        frames.append(motion @ current)
    return tf.stack(frames), size


def _camera(draw, frames_before, width, height):
    """Where the scene was, that many frames before, in the still's pixels."""
    # Numbers of a car in town seen at 15 frames per second: up to 3 % nearer,
    # some pixels of pan for a frame 500 wide, a little roll.
    grow = tf.pow(1.0 + 0.03 * draw[0], frames_before)
    angle = frames_before * 0.008 * (draw[1] - 0.5)
    pan = frames_before * 0.025 * width * (draw[2] - 0.5)
    rise = frames_before * 0.01 * height * (draw[3] - 0.5)
    cos, sin = grow * tf.cos(angle), grow * tf.sin(angle)
    # The point the camera moves towards stays where it is.
    x = width * (0.3 + 0.4 * draw[4])
    y = height * 0.45
    right = x - cos * x + sin * y + pan
    down = y - sin * x - cos * y + rise
    return _matrix(cos, -sin, right, sin, cos, down)


def _matrix(*rows):
    return tf.reshape(tf.stack([*rows, 0.0, 0.0, 1.0]), (3, 3))


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


def change_color(frames, strength, seed):
    """Brightness, contrast and tint, the same for all frames of a clip.

    Args:
        frames: uint8 `[T, H, W, 3]`.
        strength: 0..1; 0 changes nothing.
        seed: int32 or int64 `[2]`.

    Returns:
        uint8, the same shape.
    """
    draw = tf.random.stateless_uniform([5], seed, -strength, strength)
    values = tf.cast(frames, tf.float32)
    mean = tf.reduce_mean(values)
    values = (values - mean) * tf.exp(draw[0]) + mean * tf.exp(draw[1])
    values = values * tf.exp(0.3 * draw[2:])
    return tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)
