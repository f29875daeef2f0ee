"""Labels drawn over the frames they belong to."""

import numpy as np

from accel_tf import optional
from accel_tf.data.label_maps import IGNORE
from accel_tf.visualize.text import (
    STRIP_COLOR,
    check_image,
    draw_text,
    text_scale,
    text_size,
)


def overlay(frame, labels, label_map, alpha=0.5, contours=False):
    """Colours every pixel of a frame with its class.

    Args:
        frame: uint8 RGB `[height, width, 3]`.
        labels: Class indices, uint8 `[height, width]`; pixels labelled 255
            stay as they are.
        label_map: The `LabelMap` that gives the colours.
        alpha: Share of the colour, from 0 (the frame) to 1 (the labels).
        contours: Whether to draw a dark line one pixel wide where two classes
            meet, which keeps small objects apart from what is behind them.

    Returns:
        uint8 RGB `[height, width, 3]`, a new array.

    Raises:
        ValueError: Shapes or dtypes do not fit, a label is no class of the
            label map, or `alpha` is out of range.
        ImportError: OpenCV is not installed.
    """
    frame, labels = np.asarray(frame), np.asarray(labels)
    check_image(frame)
    if labels.shape != frame.shape[:2] or labels.dtype != np.uint8:
        raise ValueError(
            f"labels must be uint8 of shape {frame.shape[:2]} as the frame, "
            f"not {labels.dtype} of shape {labels.shape}"
        )
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be from 0 to 1, not {alpha}")
    # One more than the label, which makes IGNORE the lowest.
    highest = np.max(labels + np.uint8(1))
    if highest > len(label_map):
        raise ValueError(
            f"label {highest - 1} is no class of a label map with "
            f"{len(label_map)} classes"
        )
    # OpenCV takes a tenth of NumPy's time and lets other threads run.
    cv2 = optional.cv2()
    colors = cv2.applyColorMap(labels, label_map.palette()[:, None])
    result = cv2.addWeighted(frame, 1 - alpha, colors, alpha, 0)
    cv2.copyTo(frame, np.uint8(labels == IGNORE), result)
    if contours:
        cv2.copyTo(result // 3, _contours(labels), result)
    return result


def caption(image, text):
    """Writes one line of text on a dark strip in the upper left corner.

    Args:
        image: uint8 RGB `[height, width, 3]`.
        text: The line. OpenCV 4 draws characters beyond ASCII as "?". Text
            that is too wide for the image is drawn smaller.

    Returns:
        uint8 RGB of the same shape, a new array.

    Raises:
        ValueError: `image` has another shape or dtype.
        ImportError: OpenCV is not installed.
    """
    image = np.array(image)
    check_image(image)
    scale = text_scale(image.shape[1])
    width, height, _ = text_size(text, scale)
    room = image.shape[1] - height
    if width > room > 0:
        scale *= room / width
        width, height, _ = text_size(text, scale)
    strip = image[: 2 * height, : width + height]
    strip[:] = strip // 4
    draw_text(image, text, (height // 2, height * 3 // 2), scale)
    return image


def add_legend(image, label_map):
    """Adds a strip below an image with the colour and name of every class.

    Args:
        image: uint8 RGB `[height, width, 3]`.
        label_map: The `LabelMap` to explain.

    Returns:
        uint8 RGB `[height + strip height, width, 3]`; the strip has as many
        lines as the names need.

    Raises:
        ValueError: `image` has another shape or dtype.
        ImportError: OpenCV is not installed.
    """
    image = np.asarray(image)
    check_image(image)
    return np.concatenate([image, legend(image.shape[1], label_map)])


def legend(width, label_map):
    """The strip that `add_legend` adds.

    Args:
        width: Of the image in pixels.
        label_map: The `LabelMap` to explain.

    Returns:
        uint8 RGB `[strip height, width, 3]`.

    Raises:
        ImportError: OpenCV is not installed.
    """
    scale = text_scale(width)
    _, text_height, _ = text_size("Ag", scale)
    line_height = 2 * text_height
    entries, left, line = [], 0, 0
    for name, color in zip(label_map.names, label_map.colors, strict=True):
        # A swatch, the name, and as much again between two entries.
        advance = text_size(name, scale)[0] + 3 * text_height
        if left and left + advance > width:
            left, line = 0, line + 1
        entries.append((name, color, left, line * line_height))
        left += advance
    strip = np.empty(((line + 1) * line_height, width, 3), np.uint8)
    strip[:] = STRIP_COLOR
    for name, color, left, top in entries:
        middle = top + text_height // 2
        swatch = slice(left + text_height // 2, left + text_height * 3 // 2)
        strip[middle : middle + text_height, swatch] = color
        draw_text(
            strip, name, (left + 2 * text_height, middle + text_height), scale
        )
    return strip


def _contours(labels):
    """Marks pixels whose right or lower neighbour has another label.

    uint8 of the shape of `labels`, 1 or 0: a mask for OpenCV.
    """
    edges = np.zeros(labels.shape, np.uint8)
    edges[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    edges[:-1] |= labels[:-1] != labels[1:]
    return edges
