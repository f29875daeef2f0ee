"""What another camera, another light and another codec do to frames.

For networks that shall work on cameras whose frames they never saw.
"""

import tensorflow as tf

# Share of the clips to which each of the rarer changes is done.
_GREY, _VIGNETTE, _SHARPNESS, _COARSE, _NOISE, _JPEG = (
    0.05,
    0.3,
    0.5,
    0.3,
    0.4,
    0.4,
)


def change_camera(frames, strength, seed):
    """Changes frames as other cameras would show them.

    In this order: less or more detail, sharpness, saturation, hue, gamma,
    white balance, a vignette, noise, and the artefacts of JPEG, which stands
    for any codec. All frames of a clip are changed alike; the noise is drawn
    for every pixel.

    Args:
        frames: uint8 `[T, H, W, 3]`.
        strength: 0..1; 0 changes nothing.
        seed: int32 or int64 `[2]`.

    Returns:
        uint8, the same shape.
    """
    if not strength:
        return frames
    done = tf.random.stateless_uniform([6], tf.random.fold_in(seed, 1))
    draw = tf.unstack(
        tf.random.stateless_uniform([12], seed, -1.0, 1.0) * strength
    )
    values = tf.cast(frames, tf.float32)
    values = _maybe(done[0] < _COARSE, _coarse, values, tf.abs(draw[0]))
    values = _maybe(done[1] < _SHARPNESS, _sharpen, values, draw[1])
    # Grey is one end of saturation.
    saturation = tf.where(done[2] < _GREY, 0.0, tf.exp(0.7 * draw[2]))
    values = _saturate(values, saturation)
    values = tf.image.adjust_hue(
        tf.clip_by_value(values, 0, 255), 0.06 * draw[3]
    )
    values = 255 * tf.pow(values / 255, tf.exp(0.5 * draw[4]))
    # Warmth moves red and blue apart; the whole is brighter or darker.
    gains = tf.stack([draw[5], 0.3 * draw[6], -draw[5]]) * 0.2 + 0.3 * draw[7]
    values = values * tf.exp(gains) + 25 * draw[8]
    values = _maybe(done[3] < _VIGNETTE, _vignette, values, tf.abs(draw[9]))
    noise = tf.random.stateless_normal(
        tf.shape(values), tf.random.fold_in(seed, 2)
    )
    level = tf.where(done[4] < _NOISE, 12 * tf.square(draw[10]), 0.0)
    values = tf.clip_by_value(tf.round(values + level * noise), 0, 255)
    frames = tf.cast(values, tf.uint8)
    return _maybe(done[5] < _JPEG, _jpeg, frames, tf.abs(draw[11]))


def _maybe(condition, change, values, amount):
    return tf.cond(condition, lambda: change(values, amount), lambda: values)


def _coarse(values, amount):
    """The frame as a smaller one shows it that was enlarged."""
    size = tf.shape(values)[1:3]
    small = tf.cast(tf.cast(size, tf.float32) / (1 + 1.5 * amount), tf.int32)
    small = tf.image.resize(values, tf.maximum(small, 1), "area")
    return tf.image.resize(small, size)


def _sharpen(values, amount):
    smooth = tf.nn.avg_pool2d(values, 3, 1, "SAME")
    # What is lost by blurring cannot be more than all of it.
    factor = tf.where(amount < 0, amount, 1.5 * amount)
    return tf.clip_by_value(values + factor * (values - smooth), 0, 255)


def _saturate(values, factor):
    grey = tf.tensordot(values, tf.constant([0.299, 0.587, 0.114]), 1)
    return grey[..., None] * (1 - factor) + values * factor


def _vignette(values, amount):
    height, width = tf.unstack(tf.shape(values)[1:3])
    y = tf.linspace(-1.0, 1.0, height)[:, None]
    x = tf.linspace(-1.0, 1.0, width)[None]
    return values * (1 - 0.3 * amount * (x**2 + y**2))[..., None]


def _jpeg(frames, amount):
    quality = tf.cast(95 - 75 * amount, tf.int32)
    return tf.map_fn(
        lambda frame: tf.image.adjust_jpeg_quality(frame, quality), frames
    )
