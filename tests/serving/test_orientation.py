"""Photographs of a turned camera, inside an exported graph."""

import struct
import zlib

import image_writing
import numpy as np
import pytest
import tensorflow as tf

from accel_tf.data.images import decode_image
from accel_tf.serving.export.images import decode_frame

FRAME = image_writing.random_frame(3)
# Corners that differ tell all eight orientations apart.
JPEG = tf.io.encode_jpeg(FRAME, quality=100).numpy()
PNG = tf.io.encode_png(FRAME).numpy()


@pytest.fixture(scope="module")
def decode():
    signature = [tf.TensorSpec([], tf.string)]

    @tf.function(input_signature=signature)
    def decode(data):
        return decode_frame(data, tf.constant(0), 10_000)

    return lambda data: decode(tf.constant(data)).numpy()


@pytest.mark.parametrize("orientation", range(10))
def test_jpeg_files_are_turned_as_everywhere(decode, orientation):
    data = image_writing.with_orientation(JPEG, orientation)
    expected = decode_image(data)
    image = decode(data)
    assert image.shape == expected.shape
    assert np.abs(np.int16(image) - expected).mean() < 3
    # An application's data and a thumbnail's may come before.
    segment = b"\xff\xe0" + struct.pack(">H", 18) + bytes(16)
    later = data[:2] + segment + data[2:]
    np.testing.assert_array_equal(decode(later), image)


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_png_files_are_turned_as_everywhere(decode, orientation):
    tag = struct.pack(">HHIHH", 0x112, 3, 1, orientation, 0)
    tiff = b"MM" + struct.pack(">HIH", 42, 8, 1) + tag + bytes(4)
    chunk = b"eXIf" + tiff
    checksum = struct.pack(">I", zlib.crc32(chunk))
    chunk = struct.pack(">I", len(tiff)) + chunk + checksum
    data = PNG[:33] + chunk + PNG[33:]
    np.testing.assert_array_equal(decode(data), decode_image(data))


def test_exif_data_that_make_no_sense_turn_nothing(decode):
    random = np.random.default_rng(0)
    upright = decode(JPEG)
    data = image_writing.with_orientation(JPEG, 1)
    end = len(data) - len(JPEG) + 2
    for _ in range(50):
        spoilt = bytearray(data)
        # Not the marker and the length: without them there is no picture.
        for place in random.integers(6, end, 8):
            spoilt[place] = random.integers(256)
        image = decode(bytes(spoilt))
        assert sorted(image.shape) == sorted(upright.shape)


def test_frames_that_are_too_small_for_the_model_are_named():
    given = tf.constant(PNG), tf.constant(0), 10_000
    assert decode_frame(*given, 16).shape == FRAME.shape
    expected = r"\[0\] is 16x24; the model takes frames of 17x17 or more"
    with pytest.raises(tf.errors.InvalidArgumentError, match=expected):
        decode_frame(*given, 17)
