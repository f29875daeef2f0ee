"""Text in pictures."""

import numpy as np

from accel_tf import optional

STRIP_COLOR = (24, 24, 24)
"""Behind the text."""

_TEXT_COLOR = (240, 240, 240)


def check_image(frame):
    """Raises `ValueError` for what is no picture."""
    is_color = frame.ndim == 3 and frame.shape[2] == 3 and frame.size
    if not is_color or frame.dtype != np.uint8:
        raise ValueError(
            f"an image is uint8 RGB of shape [height, width, 3], not "
            f"{frame.dtype} of shape {frame.shape}"
        )


def text_scale(image_width):
    """OpenCV's factor of the font for a picture of this width."""
    # Legible at every size: about 11 pixels high up to 960 wide.
    return max(0.45, image_width / 1920)


def text_size(text, scale):
    """Width, height with room for descenders, and baseline in pixels."""
    cv2 = optional.cv2()
    (width, height), baseline = cv2.getTextSize(
        text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1
    )
    return width, height + baseline // 2, baseline


def draw_text(image, text, lower_left, scale):
    """Writes light text into a picture, in place."""
    cv2 = optional.cv2()
    cv2.putText(
        image,
        text,
        lower_left,
        cv2.FONT_HERSHEY_SIMPLEX,
        scale,
        _TEXT_COLOR,
        thickness=max(1, round(scale)),
        lineType=cv2.LINE_AA,
    )
