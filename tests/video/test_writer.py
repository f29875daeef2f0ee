import os
import resource

import numpy as np
import pytest

from accel_tf.video import VideoWriter, open_video

HEIGHT, WIDTH, RATE = 48, 64, 25.0


def make_frame(index=0, height=HEIGHT, width=WIDTH):
    """A smooth picture, which the codec keeps nearly as it is."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[..., 0] = np.linspace(0, 200, width)
    frame[..., 1] = np.linspace(200, 0, height)[:, None]
    frame[..., 2] = 10 * index
    return frame


def read_video(path):
    with open_video(path) as video:
        return list(video)


@pytest.mark.parametrize("ending", [".mp4", ".MP4", ".avi", ".mkv"])
@pytest.mark.parametrize("count", [1, 12])
def test_video_is_read_back(tmp_path, ending, count):
    path = tmp_path / f"out{ending}"
    frames = [make_frame(index) for index in range(count)]
    with VideoWriter(path, HEIGHT, WIDTH, RATE) as writer:
        for frame in frames:
            writer.write(frame)
        assert not path.exists()
    assert os.listdir(tmp_path) == [path.name]
    with open_video(path) as video:
        assert video.frame_rate == RATE
    difference = np.abs(np.int16(read_video(path)) - np.int16(frames))
    assert difference.mean() < 4


@pytest.mark.parametrize("size", [(49, 65), (49, 64), (48, 65), (1, 1)])
def test_odd_sizes_grow_by_a_copy_of_the_edge(tmp_path, size):
    frame = make_frame(3, *size)
    with VideoWriter(tmp_path / "odd.mp4", *size, RATE) as writer:
        writer.write(frame)
    (decoded,) = read_video(tmp_path / "odd.mp4")
    grown = np.pad(frame, [(0, n % 2) for n in size] + [(0, 0)], mode="edge")
    assert decoded.shape == grown.shape
    assert np.abs(np.int16(decoded) - np.int16(grown)).mean() < 5


@pytest.mark.parametrize("rate", [0.5, 23.976024, 29.97003, 120.123, 700.13])
def test_frame_rates_that_the_codec_cannot_state_are_rounded(tmp_path, rate):
    with VideoWriter(tmp_path / "out.mp4", HEIGHT, WIDTH, rate) as writer:
        for index in range(5):
            writer.write(make_frame(index))
    with open_video(tmp_path / "out.mp4") as video:
        assert video.frame_rate == pytest.approx(rate, rel=6e-4)


def test_exception_leaves_an_existing_video_as_it_was(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"earlier work")
    with pytest.raises(RuntimeError, match="the model failed"):
        with VideoWriter(path, HEIGHT, WIDTH, RATE) as writer:
            writer.write(make_frame())
            raise RuntimeError("the model failed")
    assert path.read_bytes() == b"earlier work"
    assert os.listdir(tmp_path) == ["out.mp4"]


def test_interrupt_keeps_the_frames_so_far(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"earlier work")
    with pytest.raises(KeyboardInterrupt):
        with VideoWriter(path, HEIGHT, WIDTH, RATE) as writer:
            for index in range(7):
                writer.write(make_frame(index))
            raise KeyboardInterrupt
    assert len(read_video(path)) == 7
    assert os.listdir(tmp_path) == ["out.mp4"]


def test_interrupt_before_the_first_frame_changes_nothing(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"earlier work")
    with pytest.raises(KeyboardInterrupt):
        with VideoWriter(path, HEIGHT, WIDTH, RATE):
            raise KeyboardInterrupt
    assert path.read_bytes() == b"earlier work"


def test_video_without_frames_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no frame was given.*out.mp4"):
        with VideoWriter(tmp_path / "out.mp4", HEIGHT, WIDTH, RATE):
            pass
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".webm", ".avi"])
def test_video_that_was_not_stored_is_an_error(tmp_path, ending):
    """A limit of the file's size stands for a full disk."""
    path = tmp_path / f"out{ending}"
    path.write_bytes(b"earlier work")
    noise = np.random.default_rng(0).integers(0, 256, (12, HEIGHT, WIDTH, 3))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(OSError, match="could not be written: File too large"):
        with VideoWriter(path, HEIGHT, WIDTH, RATE) as writer:
            resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
            try:
                for frame in noise.astype(np.uint8):
                    writer.write(frame)
                writer._close()
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"earlier work"
    assert os.listdir(tmp_path) == [path.name]


def test_wrong_frames_are_refused(tmp_path):
    path = tmp_path / "out.mp4"
    for frame in (
        make_frame(0, 50, 64),
        make_frame()[..., 0],
        make_frame().astype(np.float32),
    ):
        with pytest.raises(ValueError, match=r"uint8 of shape \(48, 64, 3\)"):
            with VideoWriter(path, HEIGHT, WIDTH, RATE) as writer:
                writer.write(frame)
    with pytest.raises(ValueError, match="with block"):
        writer.write(make_frame())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["out.mov2", "out", "out.wmv"])
def test_unknown_ending_names_those_that_work(tmp_path, name):
    with pytest.raises(ValueError, match=r"\.mp4, \.mkv, .*\.avi"):
        VideoWriter(tmp_path / name, HEIGHT, WIDTH, RATE)


def test_targets_that_cannot_be_written(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder.*absent"):
        VideoWriter(tmp_path / "absent" / "out.mp4", HEIGHT, WIDTH, RATE)
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(ValueError, match="is a folder"):
        VideoWriter(tmp_path / "folder.mp4", HEIGHT, WIDTH, RATE)


def test_the_longest_name_that_file_systems_take(tmp_path):
    path = tmp_path / ("n" * 251 + ".mp4")
    with VideoWriter(path, HEIGHT, WIDTH, RATE) as writer:
        writer.write(make_frame())
    assert len(read_video(path)) == 1
    with pytest.raises(OSError, match="longer than") as caught:
        VideoWriter(tmp_path / ("n" * 252 + ".mp4"), HEIGHT, WIDTH, RATE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "height, width, rate",
    [(0, 64, 25), (48, 64, 0), (48, 64, np.inf), (48, 64, np.nan)],
)
def test_bad_sizes_and_rates(tmp_path, height, width, rate):
    with pytest.raises(ValueError, match="must be"):
        VideoWriter(tmp_path / "out.mp4", height, width, rate)
