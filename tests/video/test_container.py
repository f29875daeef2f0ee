"""Containers that OpenCV cannot write here, built from their own fields."""

import re
import struct

import pytest

from accel_tf.video.container import least_frame_count, why_not_opened


def box(name, *contents, wide=False):
    data = b"".join(contents)
    if wide:
        return struct.pack(">I4sQ", 1, name, len(data) + 16) + data
    return struct.pack(">I4s", len(data) + 8, name) + data


def movie(seconds, wide=False):
    """The index of an MP4 file, with 1000 ticks a second."""
    dates, layout = (16, ">IQ") if wide else (8, ">II")
    head = bytes([wide, 0, 0, 0]) + bytes(dates)
    length = struct.pack(layout, 1000, round(1000 * seconds))
    # More fields follow in every real header.
    return box(b"moov", box(b"mvhd", head, length, bytes(80)))


def matroska(data, stated_length):
    header = b"\x1aE\xdf\xa3" + bytes([0x80 + 4]) + b"head"
    return header + b"\x18S\x80g" + stated_length + data


def check(tmp_path, data, stated_count=100, frame_rate=25.0):
    (tmp_path / "video").write_bytes(data)
    return least_frame_count(tmp_path / "video", stated_count, frame_rate)


@pytest.mark.parametrize("wide", [False, True])
def test_mp4_is_held_to_its_count_unless_it_was_trimmed(tmp_path, wide):
    start, media = box(b"ftyp", b"isom"), box(b"mdat", bytes(99), wide=wide)
    assert check(tmp_path, start + movie(4, wide) + media) == 98
    assert check(tmp_path, start + media + movie(4, wide)) == 98
    # Two of the four seconds are shown, less one for the sound's length.
    assert check(tmp_path, start + movie(2, wide) + media) == 25


@pytest.mark.parametrize("wide", [False, True])
def test_mp4_in_fragments_only_if_bytes_are_missing(tmp_path, wide):
    """Fragments state no length, so the count includes longer sound."""
    start, media = box(b"ftyp", b"isom"), box(b"mdat", bytes(99), wide=wide)
    assert check(tmp_path, start + movie(0) + media) == 0
    assert check(tmp_path, start + movie(0) + media[:-1]) == 98


def test_last_mp4_box_may_reach_to_the_end(tmp_path):
    data = box(b"ftyp", b"isom") + movie(0) + struct.pack(">I4s", 0, b"mdat")
    assert check(tmp_path, data + bytes(50)) == 0


def test_matroska_only_if_bytes_are_missing(tmp_path):
    assert check(tmp_path, matroska(bytes(100), b"\x40\x64")) == 0
    assert check(tmp_path, matroska(bytes(99), b"\x40\x64")) == 98
    # A live recording states no length: all ones.
    unknown = b"\x01" + b"\xff" * 7
    assert check(tmp_path, matroska(bytes(99), unknown)) == 0


def test_avi_is_always_held_to_its_count(tmp_path):
    assert check(tmp_path, b"RIFF\x04\x00\x00\x00AVI ") == 98


def test_nothing_is_expected_of_other_files(tmp_path):
    assert check(tmp_path, b"G" * 500) == 0
    assert check(tmp_path, b"") == 0
    assert check(tmp_path, b"RIFF\x04\x00\x00\x00AVI ", None) == 0


def test_damaged_headers_are_survived(tmp_path):
    whole = box(b"ftyp", b"isom") + movie(4) + box(b"mdat", bytes(9))
    for data in (whole, matroska(bytes(9), b"\x40\x64")):
        for length in range(len(data)):
            check(tmp_path, data[:length])
            check(tmp_path, data[:length] + bytes(len(data) - length))


def test_reasons_name_the_file_and_the_fault(tmp_path):
    path = tmp_path / "video"
    for data, words in (
        (b"", "empty"),
        (box(b"ftyp", b"isom") + box(b"mdat", bytes(9)), "incomplete MP4"),
        (box(b"ftyp", b"isom") + movie(4), "no video frames"),
        (matroska(bytes(9), b"\x40\x64"), "no video frames.* cut off"),
        (b"plain text", "not a video"),
    ):
        path.write_bytes(data)
        reason = why_not_opened(path)
        assert str(path) in reason and "\n" not in reason
        assert re.search(words, reason)
