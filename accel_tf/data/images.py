"""Image files as upright 8-bit RGB: one rule for all who read them."""

import contextlib

import numpy as np

from accel_tf import optional

# Bits that cameras and tools really fill in files of 16 bits a value.
_REAL_BITS = (8, 10, 12, 14, 16)


def decode_image(data, name="the image", bits=None):
    """Decodes an image file to upright RGB.

    The orientation that the file states (EXIF 1 to 8 in JPEG, PNG and WebP,
    the tag in TIFF) is applied. Grey images become RGB, a palette its
    colours, and transparency is left out. Values of 16 bits are scaled by
    their real range, so that white stays white: see `image_bits`.

    Args:
        data: Bytes of the file; whatever OpenCV reads (PNG, JPEG, WebP, TIFF,
            BMP, PPM, ...).
        name: What messages call it.
        bits: For images of 16 bits a value, how many are used: white is
            `2**bits - 1`, and what is above becomes white. `None` asks
            `image_bits`. Give it where several images belong together.

    Returns:
        uint8 RGB `[height, width, 3]`.

    Raises:
        ValueError: `data` is no image, is cut off or damaged, or its values
            are floats or of more than 16 bits.
        ImportError: OpenCV is missing.
    """
    image = _decode(data, name)
    cv2 = optional.cv2()
    if image.dtype == np.uint16:
        bits = _real_bits(image) if bits is None else bits
        # Rounds, and clips at 255.
        image = cv2.convertScaleAbs(image, alpha=255 / (2**bits - 1))
    code = cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB
    return cv2.cvtColor(image, code)


def image_bits(data, name="the image"):
    """How many bits the values of an image really fill.

    Files of 16 bits a value often hold those of a sensor or a video of 10, 12
    or 14 bits as they are, which read as 16 bits are all but black.

    Args:
        data, name: As for `decode_image`.

    Returns:
        8 for an image of 8 bits; for one of 16, the least of 8, 10, 12, 14
        and 16 that holds its highest value.

    Raises:
        ValueError: As `decode_image`.
    """
    image = _decode(data, name)
    return 8 if image.dtype == np.uint8 else _real_bits(image)


def _real_bits(image):
    needed = int(image.max()).bit_length()
    return next(bits for bits in _REAL_BITS if bits >= needed)


def _decode(data, name):
    """uint8 or uint16, `[height, width]` or BGR `[height, width, 3]`."""
    image = None
    if len(data) and not _is_cut_off_jpeg(data):
        with optional.quiet_cv2() as cv2, contextlib.suppress(cv2.error):
            image = cv2.imdecode(
                np.frombuffer(data, np.uint8),
                # Unlike IMREAD_UNCHANGED, these turn it upright.
                cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH,
            )
    if image is None:
        raise ValueError(
            f"{name} does not decode as an image; replace or remove the file"
        )
    if image.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            f"{name} holds values of type {image.dtype}; convert it to 8 or 16 "
            f"bits a value"
        )
    return image


def _is_cut_off_jpeg(data):
    # Decoders fill the rest with grey and say nothing. The mark of the end
    # must follow the last mark of the picture's data.
    data = bytes(data)
    return data[:2] == b"\xff\xd8" and (
        data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")
    )
