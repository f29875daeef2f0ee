"""Classes and their probabilities, drawn onto a picture."""

import numpy as np

from accel_tf.visualize.text import (
    check_image,
    draw_text,
    text_scale,
    text_size,
)

_BAR_COLOR = (52, 120, 200)
_MOST_OF_HEIGHT = 0.5  # Of the picture, that lines cover.
_LEAST_SCALE = 0.35  # Of the font, that can still be read.


def draw_classes(image, names, probabilities):
    """Writes a line for each class, with a bar, in the upper left corner.

    Names that are too wide are drawn smaller, then shortened; lines that
    would cover more than half of the height are left out from below, but for
    the first.

    Args:
        image: uint8 RGB `[height, width, 3]`.
        names: of the classes, the likeliest first. OpenCV 4 draws characters
            beyond ASCII as "?".
        probabilities: as many, 0 to 1: lengths of the bars.

    Returns:
        uint8 RGB of the same shape, a new array.

    Raises:
        ValueError: `image` has another shape or dtype, or there are not as
            many probabilities as names.
        ImportError: OpenCV is not installed.
    """
    image = np.array(image)
    check_image(image)
    scale = text_scale(image.shape[1])
    lines = [
        (f"{probability:4.0%} {name}", probability)
        for name, probability in zip(names, probabilities, strict=True)
    ]
    height = 2 * text_size("Ag", scale)[1]
    fitting = int(_MOST_OF_HEIGHT * image.shape[0] / height)
    lines = lines[: max(1, fitting)]
    if not lines:
        return image
    room = image.shape[1] - height
    widest = max(text_size(text, scale)[0] for text, _ in lines)
    if widest > room > 0:
        scale = max(_LEAST_SCALE, scale * room / widest)
        lines = [(_shortened(text, scale, room), p) for text, p in lines]
        widest = max(text_size(text, scale)[0] for text, _ in lines)
    # At least a quarter, so that bars are told apart behind short names.
    width = max(widest + height, image.shape[1] // 4)
    width = min(width, image.shape[1])
    for number, (text, probability) in enumerate(lines):
        _draw_line(
            image[number * height :][:height, :width], text, probability, scale
        )
    return image


def _draw_line(strip, text, probability, scale):
    strip[:] = strip // 4
    margin = max(1, len(strip) // 10)
    bar = strip[margin:-margin, : round(probability * strip.shape[1])]
    bar[:] = _BAR_COLOR
    _, height, _ = text_size("Ag", scale)
    lower = (len(strip) + height) // 2
    draw_text(strip, text, (len(strip) // 4, lower - height // 4), scale)


def _shortened(text, scale, room):
    """The text, or its beginning with dots behind it."""
    if text_size(text, scale)[0] <= room:
        return text
    for length in range(len(text) - 1, 0, -1):
        shorter = f"{text[:length].rstrip()}.."
        if text_size(shorter, scale)[0] <= room:
            return shorter
    return ""
