"""What is drawn at random for a clip, its label and flow.

All geometry of a clip (crop, scale, flip, rotation, a moving camera) is one
affine map per frame from the pixels of the result to those of the source;
`accel_tf.data.transforms` applies it.
"""

import dataclasses
import math

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """What is done to a clip at random; each part can be left out.

    Attributes:
        crop: `(height, width)` of the result in pixels; `None` keeps the
            frame's size. If nothing else but `flip` and `color` is set, a
            crop is cut out exactly, pixel by pixel.
        flip: mirrors half of the clips left to right.
        scale: `(least, most)` factor by which a clip is enlarged; drawn
            evenly on a logarithmic scale. What lies outside the frame is
            mirrored from inside and its label ignored. Frames are not
            smoothed before they shrink.
        scales: instead of `scale`, factors of which one is drawn, each as
            often as the others; TDNet (CVPR 2020) has 0.75, 1, 1.25, 1.5,
            1.75 and 2. One that is given twice is drawn twice as often.
        rotation: degrees, up to 180; all frames of a clip are turned about
            the centre of the frame by one angle from -rotation to rotation,
            before they are cropped. Outside is as with `scale`.
        color: 0..1; strength of random brightness, contrast and tint.
        aspect: frames are stretched sideways by a factor between
            `exp(-aspect / 2)` and `exp(aspect / 2)`, and by its inverse
            upwards. Outside is as with `scale`.
        camera: 0..1; how different from that of the data set the camera may
            be that clips seem to be from, see `change_camera`.
        camera_motion: strength of a simulated camera that moves on through
            every frame of the clip: it approaches, pans and rolls. 1 is about
            what a car does in 1/15 s. It makes clips from stills.

    Raises:
        ValueError: if a value is out of its range.
    """

    crop: tuple[int, int] | None = None
    flip: bool = True
    scale: tuple[float, float] | None = None
    scales: tuple[float, ...] | None = None
    rotation: float = 0.0
    color: float = 0.0
    camera_motion: float = 0.0
    aspect: float = 0.0
    camera: float = 0.0

    def __post_init__(self):
        if self.crop is not None and not _is_size(self.crop):
            raise ValueError(
                f"crop must be (height, width) in pixels, not {self.crop}"
            )
        if self.scale is not None and not _is_range(self.scale):
            raise ValueError(
                f"scale must be (least, most), both above 0, not {self.scale}"
            )
        if self.scales is not None and not _are_factors(self.scales):
            raise ValueError(
                "scales must be one factor or more, all above 0, not "
                f"{self.scales}"
            )
        if self.scale is not None and self.scales is not None:
            raise ValueError(
                f"scale {self.scale} and scales {self.scales} exclude each "
                "other; leave one of them none"
            )
        if not 0 <= self.rotation <= 180:
            raise ValueError(
                f"rotation must be 0 to 180 degrees, not {self.rotation}"
            )
        if not 0 <= self.color <= 1:
            raise ValueError(f"color must be 0 to 1, not {self.color}")
        if not 0 <= self.camera <= 1:
            raise ValueError(f"camera must be 0 to 1, not {self.camera}")
        if not 0 <= self.aspect <= 1:
            raise ValueError(f"aspect must be 0 to 1, not {self.aspect}")
        if not 0 <= self.camera_motion < math.inf:
            raise ValueError(
                "camera_motion must be 0 or more and finite, not "
                f"{self.camera_motion}"
            )

    @property
    def resamples(self):
        """Whether pixels of the result lie between those of the source."""
        return (
            self.scale is not None
            or self.scales is not None
            or self.rotation > 0
            or self.aspect > 0
            or self.camera_motion > 0
        )


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


def _are_factors(value):
    return (
        isinstance(value, tuple | list)
        and len(value) > 0
        and all(0 < factor < math.inf for factor in value)
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
    elif augmentation.scales is not None:
        count = len(augmentation.scales)
        # Rounding may lift the product to the count itself.
        index = tf.minimum(tf.cast(draw[1] * count, tf.int32), count - 1)
        zoom = tf.constant(augmentation.scales, tf.float32)[index]

    stretch = 1.0
    if augmentation.aspect:
        # By a seed of its own, as the angle below.
        stretch = tf.exp(
            tf.random.stateless_uniform(
                [],
                tf.random.fold_in(seed, 2),
                -augmentation.aspect / 2,
                augmentation.aspect / 2,
            )
        )
    zoom_x, zoom_y = zoom * stretch, zoom / stretch

    def centre(share, side, window, zoom):
        # Anywhere inside the frame; in its middle if it does not fit.
        room = tf.maximum(side - window / zoom, 0.0)
        if not augmentation.resamples:
            room_start = tf.floor(share * (room + 1))
            return tf.minimum(room_start, room) + (window - 1) / 2
        return (side - 1) / 2 + (share - 0.5) * room

    x = centre(draw[2], width, columns, zoom_x)
    y = centre(draw[3], height, rows, zoom_y)
    current = _matrix(
        flip / zoom_x,
        0.0,
        x - flip / zoom_x * (columns - 1) / 2,
        0.0,
        1 / zoom_y,
        y - 1 / zoom_y * (rows - 1) / 2,
    )
    if augmentation.rotation:
        # By a seed of its own: all else stays as it is without rotation.
        angle = tf.random.stateless_uniform(
            [], tf.random.fold_in(seed, 1), -1.0, 1.0
        )
        angle *= math.radians(augmentation.rotation)
        # The centre lies between pixels where a side is even.
        turn = _turn(angle, (width - 1) / 2, (height - 1) / 2)
        current = turn @ current
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
    # The point the camera moves towards stays where it is.
    x = width * (0.3 + 0.4 * draw[4])
    y = height * 0.45
    return _turn(angle, x, y, grow, pan, rise)


def _turn(angle, x, y, grow=1.0, pan=0.0, rise=0.0):
    """Turns and enlarges about the point (x, y), then shifts."""
    cos, sin = grow * tf.cos(angle), grow * tf.sin(angle)
    right = x - cos * x + sin * y + pan
    down = y - sin * x - cos * y + rise
    return _matrix(cos, -sin, right, sin, cos, down)


def _matrix(*rows):
    return tf.reshape(tf.stack([*rows, 0.0, 0.0, 1.0]), (3, 3))


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
