"""Binary PPM images and `.flo` files, the formats of optical flow data."""

import re
import struct

import numpy as np

FLOW_START = struct.pack("<f", 202021.25)
"""The number that every `.flo` file begins with."""

# Larger values stand for "unknown" in `.flo` files.
_LARGEST_FLOW = 1e9
_FLOW_HEADER = 12
_SPACE = rb"(?:\s|#[^\n\r]*[\n\r])+"  # comments count as space
_PPM_HEADER = re.compile(rb"P6" + 3 * (_SPACE + rb"(\d{1,9})") + rb"\s")


def read_ppm(path):
    """Reads a binary PPM image, which TensorFlow cannot decode.

    Args:
        path: `epath.Path` of the file.

    Returns:
        uint8 [height, width, 3], RGB.

    Raises:
        ValueError: The file is of another kind, or longer or shorter than
            its header says.
    """
    data = path.read_bytes()
    header = _PPM_HEADER.match(data)
    if header is None:
        raise ValueError(f"{path} is not a binary PPM image (P6)")
    width, height, largest = map(int, header.groups())
    if largest != 255:
        raise ValueError(
            f"{path} has values up to {largest}; they must be 8-bit, up to 255"
        )
    shape = height, width, 3
    _check_length(path, data, shape, header.end(), 1)
    return np.frombuffer(data, np.uint8, offset=header.end()).reshape(shape)


def read_flow(path):
    """Reads a `.flo` file of the Middlebury flow benchmark.

    It is little-endian: the float32 202021.25, width and height as int32,
    then (dx, dy) of every pixel as float32, row by row.

    Args:
        path: `epath.Path` of the file.

    Returns:
        float32 [height, width, 2], (dx, dy) in pixels.

    Raises:
        ValueError: The file is of another kind, longer or shorter than its
            header says, or the flow of a pixel is unknown.
    """
    data = path.read_bytes()
    if not data.startswith(FLOW_START) or len(data) < _FLOW_HEADER:
        raise ValueError(
            f"{path} is not a .flo file: it does not begin with the number "
            f"202021.25, the width and the height"
        )
    width, height = struct.unpack_from("<ii", data, len(FLOW_START))
    shape = height, width, 2
    _check_length(path, data, shape, _FLOW_HEADER, 4)
    flow = np.frombuffer(data, "<f4", offset=_FLOW_HEADER).reshape(shape)
    known = (np.abs(flow) <= _LARGEST_FLOW).all(axis=-1)
    if not known.all():
        y, x = np.argwhere(~known)[0]
        raise ValueError(
            f"{path} has the flow {flow[y, x].tolist()} at x={x}, y={y}; "
            f"every pixel must have a known one"
        )
    return flow.astype(np.float32, copy=False)


def _check_length(path, data, shape, header_bytes, value_bytes):
    height, width, channels = shape
    if width < 1 or height < 1:
        raise ValueError(
            f"{path} says that it is {width}x{height} (width x height)"
        )
    expected = header_bytes + height * width * channels * value_bytes
    if len(data) != expected:
        fault = "cut off" if len(data) < expected else "too long"
        raise ValueError(
            f"{path} is {fault}: {width}x{height} pixels (width x height) "
            f"take {expected} bytes, the file has {len(data)}"
        )
