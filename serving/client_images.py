"""Frames and labels as they travel between client and server."""

import base64

import numpy as np

from accel_tf import optional

FORMATS = ("jpeg", "png")
"""What a frame may be encoded as; `"png"` keeps its pixels exactly."""

_PNG_START = b"\x89PNG\r\n\x1a\n"
_JPEG_START = b"\xff\xd8"
_JPEG_QUALITY = 95
_FAST_PNG = 1  # zlib's level


def encode_frame(frame, image_format):
    """Encodes a frame as an image file.

    Args:
        frame: uint8 RGB `[H, W, 3]`; or the bytes of a JPEG or PNG file,
            which stay as they are.
        image_format: one of `FORMATS`.

    Returns:
        bytes.

    Raises:
        ValueError: if the frame is neither.
        ImportError: if OpenCV is not installed.
    """
    if isinstance(frame, bytes):
        if not frame.startswith((_PNG_START, _JPEG_START)):
            raise ValueError("a frame in bytes must be a JPEG or PNG file.")
        return frame
    frame = np.asarray(frame)
    is_image = frame.ndim == 3 and frame.shape[-1] == 3 and frame.size
    if not is_image or frame.dtype != np.uint8:
        raise ValueError(
            "a frame must be uint8 RGB of shape [H, W, 3], got "
            f"{frame.dtype} of shape {frame.shape}."
        )
    cv2 = optional.cv2()
    ending, options = {
        "jpeg": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]),
        "png": (".png", [cv2.IMWRITE_PNG_COMPRESSION, _FAST_PNG]),
    }[image_format]
    frame = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(ending, frame, options)
    return data.tobytes()


def decode_labels(data):
    """Decodes a label map.

    Args:
        data: bytes of a grey PNG file of 8 bits.

    Returns:
        uint8 `[H, W]`.

    Raises:
        ValueError: if it is no such file.
        ImportError: if OpenCV is not installed.
    """
    labels = None
    if data.startswith(_PNG_START):
        with optional.quiet_cv2() as cv2:
            pixels = np.frombuffer(data, np.uint8)
            labels = cv2.imdecode(pixels, cv2.IMREAD_UNCHANGED)
    if labels is None or labels.ndim != 2 or labels.dtype != np.uint8:
        raise ValueError("the server's label map is no grey PNG of 8 bits.")
    return labels


def to_json(data):
    """Bytes as TensorFlow Serving's JSON holds them."""
    return {"b64": base64.b64encode(data).decode("ascii")}


def from_json(value):
    """The opposite of `to_json`."""
    return base64.b64decode(value["b64"])
