"""Frames out of turn are those of a run through the file, or none."""

import numpy as np
import pytest
from video_making import damage, grained, make

from accel_tf.video import open_video
from accel_tf.video.frame_index import index_frames
from accel_tf.video.part_reader import PartReader, Span
from accel_tf.video.span_decoder import IrregularVideoError

COUNT = 26
OPTIONS = {"preset": "veryfast", "g": "8", "bf": "2"}


def pictures():
    return [grained(index) for index in range(COUNT)]


def span_of(index, first, end, checked=None):
    if checked is not None:
        checked = int(index.stamps[checked])
    frames = slice(first, end)
    return Span(first, index.stamps[frames], index.times[frames], checked)


def read(path, span):
    with PartReader(path, path, span, pytest.fail) as reader:
        frames = list(reader.frames())
    return frames, reader.digest_first, reader.digest_after


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", OPTIONS),
        ("a.mp4", "libx264", OPTIONS | {"x264-params": "open-gop=1"}),
        ("a.mkv", "libx264", OPTIONS),
        ("a.ts", "libx264", OPTIONS),
        ("a.webm", "libvpx-vp9", {"g": "8", "deadline": "realtime"}),
        ("a.avi", "mpeg4", {"g": "8"}),
    ],
)
def test_parts_are_the_whole(tmp_path, name, codec, options):
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.integers(30, 90, COUNT)) / 1000
    if name.endswith(".avi"):
        times = None
    sound = None if name.endswith(".webm") else 2
    path = make(
        tmp_path / name, pictures(), codec, times, options=options, sound=sound
    )
    with open_video(path) as video:
        whole = list(video.frames())
    try:
        index = index_frames(path)
        cuts = [0, 7, 8, 19, len(index.stamps)]
        spans = [
            span_of(index, first, end, end if end < COUNT else None)
            for first, end in zip(cuts, cuts[1:], strict=False)
        ]
        parts = [read(path, span) for span in spans]
    except IrregularVideoError:
        assert name == "a.ts"  # Which has no index to find frames by.
        return
    frames = [frame for part, *_ in parts for frame in part]
    for frame, expected in zip(frames, whole, strict=True):
        np.testing.assert_array_equal(frame.image, expected.image)
        assert frame.time == expected.time
    for (_, _, after), (_, first, _) in zip(parts, parts[1:], strict=False):
        assert after == first != None  # noqa: E711


def test_decoding_can_begin_at_few_frames(tmp_path):
    path = make(tmp_path / "a.mp4", pictures(), options=OPTIONS)
    index = index_frames(path)
    assert len(index.stamps) == COUNT and set(index.restarts) >= {0, 8, 16, 24}


def test_a_damaged_frame_is_told(tmp_path):
    path = make(tmp_path / "a.mp4", pictures(), options={"bf": "0", "g": "8"})
    index = index_frames(damage(path, [10]))
    assert len(read(path, span_of(index, 0, 9))[0]) == 9
    with pytest.raises(IrregularVideoError):
        read(path, span_of(index, 6, 14))


def test_a_file_that_is_cut_off_is_told(tmp_path):
    path = make(tmp_path / "a.mkv", pictures(), options=OPTIONS)
    index = index_frames(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(IrregularVideoError):
        read(path, span_of(index, 16, COUNT))


def test_a_file_without_times_has_no_index(tmp_path):
    path = make(tmp_path / "a.h264", pictures(), options=OPTIONS)
    with pytest.raises(IrregularVideoError, match="no time stamps"):
        index_frames(path)
