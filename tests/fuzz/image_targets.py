"""Sizes of images, which are read before anything is decoded."""

import functools

import numpy as np
from fuzz.hostile_images import BLACK_GIF, black_png, bombs
from fuzz.target import Target

from accel_tf.optional import quiet_cv2
from accel_tf.serving.image_sizes import image_size

# A decoder makes room for all pixels.
_MOST_PIXELS = 2**16


def run(data):
    """Reads a size; whatever a decoder can make of the file has that one."""
    try:
        size = image_size(data)
    except ValueError:
        size = None
    if size is None:
        return "refused"
    assert all(0 <= side < 2**32 for side in size)
    if 0 < size[0] * size[1] <= _MOST_PIXELS:
        with quiet_cv2() as cv2:
            flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
            image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        assert image is None or image.shape[:2] == size
    return "read"


@functools.cache
def _jpeg():
    image = np.arange(40 * 56 * 3, dtype=np.uint8).reshape(40, 56, 3)
    with quiet_cv2() as cv2:
        options = [cv2.IMWRITE_JPEG_QUALITY, 5]
        return cv2.imencode(".jpg", image, options)[1].tobytes()


def seeds():
    small = [each for each in bombs(_jpeg()).values() if len(each) < 4096]
    return [_jpeg(), black_png(40, 56), BLACK_GIF, *small]


IMAGE = Target(
    run,
    seeds,
    words=(b"\xff\xc0", b"\xff\xc2", b"\xff\xda", b"\xff\xff", b"IHDR"),
    room=2_000_000,
)
