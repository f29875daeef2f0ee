"""The orientation that an image file states, read inside the graph.

EXIF 2.3 (4.6.4, and annex A for JPEG), PNG 3 (11.3.4.5).
"""

import tensorflow as tf

# Where EXIF data begin at the latest. They come first in a JPEG file, where a
# segment has at most 64 KiB; small chunks are before them in a PNG file.
_WITHIN = 2**17
_UPRIGHT = 1
_TAG = 0x0112
_TAGS_READ = 64


def turn_upright(frame, data, is_png):
    """Applies the orientation of the file that an image came from.

    Args:
        frame: uint8 `[H, W, 3]`, as stored.
        data: content of the JPEG or PNG file; scalar string tensor.
        is_png: whether it is a PNG file; scalar boolean tensor.

    Returns:
        uint8 `[H, W, 3]`, or `[W, H, 3]` for a quarter turn.
    """
    number = _orientation(data, is_png)

    def turned():
        image = tf.cond(
            number >= 5,
            lambda: tf.transpose(frame, (1, 0, 2)),
            lambda: frame,
        )
        image = tf.cond(
            _is_one_of(number, 2, 3, 6, 7),
            lambda: tf.reverse(image, [1]),
            lambda: image,
        )
        return tf.cond(
            _is_one_of(number, 3, 4, 7, 8),
            lambda: tf.reverse(image, [0]),
            lambda: image,
        )

    return tf.cond(tf.equal(number, _UPRIGHT), lambda: frame, turned)


def _is_one_of(number, *numbers):
    return tf.reduce_any(tf.equal(number, numbers))


def _orientation(data, is_png):
    """1 to 8; 1 without EXIF data, or where they cannot be understood."""
    start = tf.strings.substr(data, 0, _WITHIN)
    numbers = tf.cast(tf.io.decode_raw(start, tf.uint8), tf.int32)
    place = tf.cond(
        is_png, lambda: _place_in_png(numbers), lambda: _place_in_jpeg(numbers)
    )
    return tf.cond(
        place > 0,
        lambda: _orientation_of_tiff(numbers[place:]),
        lambda: tf.constant(_UPRIGHT),
    )


def _place_in_jpeg(numbers):
    """Where the TIFF header is, after `Exif` in a segment APP1; 0: nowhere."""

    def is_exif(place):
        return _holds(numbers, place, b"\xff\xe1") & _holds(
            numbers, place + 4, b"Exif\0\0"
        )

    def goes_on(place):
        # Segments of length follow each other up to the start of the scan.
        marker = _read(numbers, place, 2)
        return (
            (marker >= 0xFFC0)
            & (marker != 0xFFDA)
            & (place + 10 < tf.size(numbers))
            & ~is_exif(place)
        )

    def following(place):
        return (place + 2 + tf.maximum(_read(numbers, place + 2, 2), 2),)

    (place,) = tf.while_loop(goes_on, following, [tf.constant(2)])
    return tf.where(is_exif(place), place + 10, 0)


def _place_in_png(numbers):
    """Where the content of the chunk `eXIf` is; 0: nowhere."""

    def is_exif(place):
        return _holds(numbers, place + 4, b"eXIf")

    def goes_on(place):
        return (place + 8 < tf.size(numbers)) & ~is_exif(place)

    def following(place):
        length = tf.clip_by_value(_read(numbers, place, 4), 0, _WITHIN)
        return (place + 12 + length,)

    (place,) = tf.while_loop(goes_on, following, [tf.constant(8)])
    return tf.where(is_exif(place), place + 8, 0)


def _orientation_of_tiff(numbers):
    is_little = tf.equal(_read(numbers, 0, 2), 0x4949)

    def read(place, count):
        values = _bytes(numbers, place, count)
        ordered = tf.where(is_little, values[..., ::-1], values)
        return _joined(ordered)

    directory = tf.clip_by_value(read(4, 4), 8, _WITHIN)
    count = tf.minimum(read(directory, 2), _TAGS_READ)
    places = directory + 2 + 12 * tf.range(count)
    found = tf.where(tf.equal(read(places, 2), _TAG))[:, 0]
    values = read(tf.gather(places, found[:1]) + 8, 2)
    values = tf.concat([values, [_UPRIGHT]], 0)
    return tf.where((values[0] >= 1) & (values[0] <= 8), values[0], _UPRIGHT)


def _holds(numbers, place, text):
    return tf.reduce_all(
        tf.equal(_bytes(numbers, place, len(text)), list(text))
    )


def _read(numbers, place, count):
    return _joined(_bytes(numbers, place, count))


def _bytes(numbers, place, count):
    """`[..., count]` from each place on; 0 beyond the end."""
    places = tf.expand_dims(tf.convert_to_tensor(place), -1) + tf.range(count)
    there = places < tf.size(numbers)
    values = tf.gather(numbers, tf.where(there, places, 0))
    return tf.where(there, values, 0)


def _joined(values):
    """Numbers of the last axis's bytes, the first the highest."""
    number = values[..., 0]
    for index in range(1, values.shape[-1]):
        number = number * 256 + values[..., index]
    return number
