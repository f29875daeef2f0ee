"""Pictures as files."""

import numpy as np

from accel_tf import optional
from accel_tf.files import write_bytes


def write_picture(path, image):
    """Writes a picture as a PNG file, whole or not at all.

    Args:
        path: the file; its folder must exist.
        image: uint8 RGB `[height, width, 3]`.

    Raises:
        OSError: It cannot be written.
        ImportError: OpenCV is not installed.
    """
    image = np.ascontiguousarray(image[..., ::-1])
    write_bytes(path, optional.cv2().imencode(".png", image)[1].tobytes())
