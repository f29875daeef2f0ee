import struct

import cv2
import numpy as np
import pytest

from accel_tf.data.images import decode_image, image_bits

# Corners: red, green / blue, white.
UPRIGHT = np.zeros((24, 40, 3), np.uint8)
UPRIGHT[:12, :20, 0] = UPRIGHT[:12, 20:, 1] = UPRIGHT[12:, :20, 2] = 250
UPRIGHT[12:, 20:] = 250

# How the upright picture is stored under each orientation (EXIF 2.3, 4.6.4).
STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.transpose(1, 0, 2),
    6: np.rot90(UPRIGHT),
    7: UPRIGHT[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(UPRIGHT, -1),
}


def encoded(image, ending=".png"):
    image = image if image.ndim == 2 else image[..., ::-1]
    return cv2.imencode(ending, np.ascontiguousarray(image))[1].tobytes()


def with_orientation(jpeg, orientation, order="<"):
    """The JPEG with an EXIF segment of the one tag."""
    mark = {"<": b"II", ">": b"MM"}[order]
    entry = struct.pack(f"{order}HHIHH", 0x112, 3, 1, orientation, 0)
    tiff = mark + struct.pack(f"{order}HIH", 42, 8, 1) + entry + bytes(4)
    body = b"Exif\0\0" + tiff
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    return jpeg[:2] + segment + jpeg[2:]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_stated_orientation_is_applied(orientation, order):
    jpeg = encoded(STORED[orientation], ".jpg")
    image = decode_image(with_orientation(jpeg, orientation, order))
    assert image.shape == UPRIGHT.shape and image.dtype == np.uint8
    assert np.abs(np.int16(image) - UPRIGHT).mean() < 8


def test_grey_and_transparent_images_become_rgb():
    grey = np.full((4, 6), 90, np.uint8)
    assert np.array_equal(
        decode_image(encoded(grey)), np.full((4, 6, 3), 90, np.uint8)
    )
    clear = np.dstack([UPRIGHT[..., ::-1], np.zeros((24, 40), np.uint8)])
    data = cv2.imencode(".png", clear)[1].tobytes()
    assert np.array_equal(decode_image(data), UPRIGHT)
    assert np.array_equal(decode_image(bytearray(data)), UPRIGHT)


@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_deep_images_are_scaled_by_the_range_they_use(bits, ending):
    white = 2**bits - 1
    values = np.round(np.linspace(0, white, 60)).astype(np.uint16)
    values = values.reshape(4, 5, 3)
    data = encoded(values, ending)
    assert image_bits(data) == bits
    image = decode_image(data)
    assert image.max() == 255
    np.testing.assert_allclose(image, values / white * 255, atol=0.51)
    # A dark image among others of the same camera is not made bright.
    dark = decode_image(encoded(values // 64, ending), bits=bits)
    np.testing.assert_allclose(dark, values // 64 / white * 255, atol=0.51)
    grey = decode_image(encoded(values[..., 0], ending))
    np.testing.assert_array_equal(grey[..., 1], grey[..., 2])
    assert decode_image(data, bits=8).max() == 255


def test_what_is_no_image_is_refused_by_name():
    jpeg = encoded(UPRIGHT, ".jpg")
    for data in (b"", b"text", jpeg[: len(jpeg) - 60], encoded(UPRIGHT)[:90]):
        with pytest.raises(ValueError, match="frame 3 does not decode"):
            decode_image(data, "frame 3")
    floats = encoded(np.zeros((4, 4, 3), np.float32), ".tiff")
    with pytest.raises(ValueError, match="depth.tiff .* float32"):
        decode_image(floats, "depth.tiff")
