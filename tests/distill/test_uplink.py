"""Frames are encoded, and decoded with care."""

import numpy as np
import pytest

from accel_tf.distill.uplink import (
    UplinkError,
    decode_frames,
    encode_frames,
    jpeg_size,
)

SIZE = 32, 64


def frames(count=4):
    ramp = np.linspace(0, 255, SIZE[1])[None, :, None]
    ramp = np.broadcast_to(ramp, (*SIZE, 3))
    return [np.uint8((ramp + 5 * n) % 256) for n in range(count)]


@pytest.mark.parametrize("kind", ["h264", "jpeg"])
def test_frames_come_back_with_losses(kind):
    data = encode_frames(frames(), kind)
    decoded = decode_frames(data, kind, 4, SIZE)
    assert decoded.shape == (4, *SIZE, 3) and decoded.dtype == np.uint8
    difference = np.abs(decoded - np.float32(frames()))
    assert 0 < difference.mean() and np.median(difference) < 8
    rougher = encode_frames(frames(), kind, 45 if kind == "h264" else 10)
    assert sum(map(len, rougher)) < sum(map(len, data))


@pytest.mark.parametrize("kind", ["h264", "jpeg"])
def test_another_number_or_size_is_refused(kind):
    data = encode_frames(frames(), kind)
    for count, size in ((3, SIZE), (5, SIZE), (4, (64, 32)), (4, (16, 16))):
        with pytest.raises(UplinkError):
            decode_frames(data, kind, count, size)


@pytest.mark.parametrize("kind", ["h264", "jpeg"])
@pytest.mark.parametrize("damage", [lambda x: x[: len(x) // 3], lambda x: b"?"])
def test_damaged_frames_are_refused(kind, damage):
    data = [damage(each) for each in encode_frames(frames(), kind)]
    if kind == "jpeg" and len(data[0]) > 1:
        data = [b"\xff\xd8" + bytes(40)] * 4
    with pytest.raises(UplinkError):
        decode_frames(data, kind, 4, SIZE)


def test_size_of_a_jpeg_is_known_before_it_is_decoded():
    (data,) = encode_frames(frames(1), "jpeg")
    assert jpeg_size(data) == SIZE
    place = data.index(b"\xff\xc0") + 5
    huge = data[:place] + b"\xea\x60\xea\x60" + data[place + 4 :]
    assert jpeg_size(huge) == (60000, 60000)
    with pytest.raises(UplinkError, match="of the size that was agreed"):
        decode_frames([huge], "jpeg", 1, SIZE)
    assert jpeg_size(b"") is None and jpeg_size(b"\xff\xd8\xff") is None
