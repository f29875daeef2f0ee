import os
import resource

import av
import numpy as np
import pytest

from accel_tf.video import VideoWriter, check_output, encoders, open_video

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


# --- what is in the files ------------------------------------------------


def examined(path):
    """Codec, pixel format and codec tag of a video."""
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        return context.codec.canonical_name, context.pix_fmt, context.codec_tag


def write(
    path, count=3, size=(HEIGHT, WIDTH), rate=RATE, times=None, **options
):
    options = {"on_note": pytest.fail} | options
    with VideoWriter(path, *size, rate, **options) as writer:
        for index in range(count):
            writer.write(make_frame(index, *size), times and times[index])
    return path


@pytest.mark.parametrize("size", [(48, 64), (47, 63)])
@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_browsers_can_play_it_from_the_start(tmp_path, name, size):
    path = write(tmp_path / name, size=size)
    assert examined(path) == ("h264", "yuv420p", "avc1")
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


@pytest.mark.parametrize(
    "name, codec, found, tag",
    [
        ("a.mp4", "hevc", "hevc", "hvc1"),
        ("a.mp4", "vp9", "vp9", "vp09"),
        ("a.mp4", "av1", "av1", "av01"),
        ("a.mp4", "mpeg4", "mpeg4", "mp4v"),
        ("a.webm", "av1", "av1", None),
        ("a.webm", None, "vp9", None),
        ("a.mkv", None, "h264", None),
        ("a.avi", None, "mpeg4", None),
    ],
)
def test_other_codecs(tmp_path, name, codec, found, tag):
    path = write(tmp_path / name, codec=codec)
    assert examined(path)[:2] == (found, "yuv420p")
    assert tag is None or examined(path)[2] == tag


@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9", "av1", "mpeg4"])
def test_quality_is_paid_for_in_bytes(tmp_path, codec):
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3))
    sizes = []
    for quality in (0, 50, 100):
        path = tmp_path / f"{quality}.mp4"
        with VideoWriter(
            path, HEIGHT, WIDTH, RATE, codec=codec, quality=quality
        ) as writer:
            for index in range(4):
                writer.write(np.roll(np.uint8(noise), index, axis=1))
        sizes.append(path.stat().st_size)
    assert 1.2 * sizes[0] < sizes[1] < sizes[2] / 1.2


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm", "a.mov", "a.gif"])
def test_times_are_kept(tmp_path, name):
    times = [5.0, 5.1, 5.16, 7.0, 30.0]
    path = write(tmp_path / name, 5, times=times)
    with open_video(path) as video:
        read = [frame.time for frame in video.frames()]
    assert read == pytest.approx(np.array(times) - 5, abs=6e-3)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "b.mp4"])
@pytest.mark.parametrize("rate", [1 / 20, 1e-4, 60 / 1.001, 500])
def test_any_frame_rate(tmp_path, name, rate):
    codec = "mpeg4" if name == "b.mp4" else None
    path = write(tmp_path / name, 3, rate=rate, codec=codec)
    with open_video(path) as video:
        times = [frame.time for frame in video.frames()]
    assert times == pytest.approx(np.arange(3) / rate, rel=1e-3, abs=2e-3)


def test_the_last_frame_lasts_as_long_as_the_one_before(tmp_path):
    path = write(tmp_path / "a.mp4", 3, times=[0, 1, 5])
    with av.open(str(path)) as container:
        assert container.duration == 9_000_000
    path = write(tmp_path / "a.mp4", 1, rate=0.5, times=[0])
    with av.open(str(path)) as container:
        assert container.duration == 2_000_000


def test_times_that_do_not_go_on_are_refused(tmp_path):
    for times, words in (
        ([0, 1, 1], "frame 2 .* is not after"),
        ([0, 2, 1], "frame 2 .* is not after"),
        ([0, np.nan, 1], "number of seconds"),
    ):
        with pytest.raises(ValueError, match=words):
            write(tmp_path / "a.mp4", 3, times=times)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "name, options, words",
    [
        ("a.mp4", {"width": 16386}, "h264 takes .* 1 to 16384 .* 16386x48"),
        ("a.avi", {"width": 8192}, "mpeg4 takes .* 8190"),
        ("a.mp4", {"codec": "hevc", "height": 8}, "hevc takes .* 16 to"),
        ("a.mp4", {"codec": "h265"}, "codec must be one of h264, hevc, .*"),
        ("a.webm", {"codec": "h264"}, "holds vp9 or av1, not h264.* .mp4"),
        ("a.mp4", {"quality": 101}, "quality must be 0 to 100"),
        ("a.mp4", {"frame_rate": 0}, "frame_rate must be"),
    ],
)
def test_what_cannot_be_written_is_said_before_the_work(
    tmp_path, name, options, words
):
    size = {"height": HEIGHT, "width": WIDTH, "frame_rate": RATE}
    for check in (check_output, VideoWriter):
        with pytest.raises(ValueError, match=words) as caught:
            check(tmp_path / name, **size | options)
        assert "\n" not in str(caught.value)


def test_the_largest_pictures_are_written(tmp_path):
    write(tmp_path / "a.mp4", 1, size=(16, 16384))
    assert read_video(tmp_path / "a.mp4")[0].shape == (16, 16384, 3)


def test_without_an_encoder_of_h264_it_is_vp9(tmp_path, monkeypatch):
    exists = encoders._exists
    monkeypatch.setattr(
        encoders, "_exists", lambda name: "264" not in name and exists(name)
    )
    notes = []
    path = write(tmp_path / "a.mp4", on_note=notes.append)
    assert examined(path)[0] == "vp9"
    assert len(notes) == 1 and "no libx264" in notes[0]
    with pytest.raises(OSError, match="no encoder for h264"):
        write(tmp_path / "a.mp4", codec="h264")


@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_opencv_alone_writes_with_a_note(tmp_path, monkeypatch, name):
    monkeypatch.setattr("accel_tf.optional.has_av", lambda: False)
    notes = []
    path = write(tmp_path / name, 12, on_note=notes.append)
    assert len(notes) == 1 and 'install "accel-tf[video]"' in notes[0]
    monkeypatch.undo()
    assert len(read_video(path)) == 12
    assert examined(path)[0] == "mpeg4"


def test_opencv_alone_says_that_a_file_is_not_whole(tmp_path, monkeypatch):
    """OpenCV does not report a full disk; the file is short then."""
    monkeypatch.setattr("accel_tf.optional.has_av", lambda: False)
    with pytest.raises(OSError, match="not all of 1 frames were stored"):
        with VideoWriter(
            tmp_path / "out.mp4", HEIGHT, WIDTH, RATE, on_note=lambda line: None
        ) as writer:
            writer.write(make_frame())
            writer._output._video.release()
            (partial,) = tmp_path.rglob("video.mp4")
            partial.write_bytes(partial.read_bytes()[:100])
    assert os.listdir(tmp_path) == []
