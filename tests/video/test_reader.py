import io
import os
import sys
import threading
import types

import av
import cv2
import numpy as np
import pytest
from video_making import (
    HEIGHT,
    WIDTH,
    add_silence,
    boxes,
    damage,
    flat,
    grained,
    make,
    noise,
    shown,
    turn,
)

from accel_tf.video import open_video


def read(source, **options):
    """The reader and its `VideoFrame`s; no note is expected."""
    options = {"on_note": pytest.fail} | options
    with open_video(source, **options) as video:
        return video, list(video.frames())


def make_folder(folder, names):
    folder.mkdir()
    for index, name in enumerate(names):
        image = np.full((HEIGHT, WIDTH, 3), 10 * index, np.uint8)
        assert cv2.imwrite(str(folder / name), image)
    return folder


def refusal(source, error=ValueError, **options):
    """The one line with which a source is refused."""
    with pytest.raises(error) as caught:
        read(source, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- video files ---------------------------------------------------------

KINDS = {
    "h264.mp4": ("libx264", {}),
    "hevc.mp4": ("libx265", {}),
    "ten_bits.mp4": ("libx265", {"pix_fmt": "yuv420p10le"}),
    "mpeg4.avi": ("mpeg4", {}),
    "h264.mkv": ("libx264", {}),
    "h264.mov": ("libx264", {}),
    "h264.ts": ("libx264", {}),
    "vp8.webm": ("libvpx", {}),
    "vp9.webm": ("libvpx-vp9", {"options": {"deadline": "realtime"}}),
    "stills.mkv": ("ffv1", {"pix_fmt": "bgr0"}),
    "motion.avi": ("mjpeg", {"pix_fmt": "yuvj420p"}),
    "grey.mkv": ("ffv1", {"pix_fmt": "gray"}),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_is_read(tmp_path, name):
    codec, options = KINDS[name]
    path = make(tmp_path / name, map(flat, range(12)), codec, **options)
    video, frames = read(str(path))
    assert (video.height, video.width) == (HEIGHT, WIDTH)
    assert video.frame_rate == 10 and video.frame_count == 12
    assert [shown(frame.image) for frame in frames] == list(range(12))
    times = [frame.time for frame in frames]
    np.testing.assert_allclose(times, np.arange(12) / 10, atol=2e-3)
    assert {(f.name, f.is_damaged, f.starts_anew) for f in frames} == {
        (None, False, False)
    }
    assert frames[0].image.dtype == np.uint8
    assert video.damaged == [] and video.dropped == video.reconnects == 0


def test_iteration_gives_arrays_and_begins_again(tmp_path):
    red = np.full((HEIGHT, WIDTH, 3), (200, 0, 0), np.uint8)
    path = make(tmp_path / "red.mp4", [red] * 5)
    with open_video(path) as video:
        frames = list(video)
        assert len(list(video)) == len(list(video.frames())) == 5
    assert frames[0].shape == red.shape and frames[0].dtype == np.uint8
    np.testing.assert_allclose(frames[0].mean((0, 1)), (200, 0, 0), atol=4)


def test_gif_is_a_video(tmp_path):
    from accel_tf.video import VideoWriter

    with VideoWriter(tmp_path / "a.gif", HEIGHT, WIDTH, 10) as writer:
        for index in range(4):
            writer.write(flat(index))
    _, frames = read(tmp_path / "a.gif")
    assert [shown(frame.image) for frame in frames] == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm"])
def test_a_variable_frame_rate_stays_variable(tmp_path, name):
    times = [0, 0.1, 0.15, 2.0, 2.01, 90.0]
    codec = "libvpx" if name == "a.webm" else "libx264"
    make(tmp_path / name, map(flat, range(6)), codec, times=times)
    _, frames = read(tmp_path / name)
    assert [frame.time for frame in frames] == pytest.approx(times, abs=2e-3)
    assert [shown(frame.image) for frame in frames] == list(range(6))


def test_slides_beside_sound(tmp_path):
    """A long time without a picture; OpenCV gave up on such files."""
    times = [0, 0.1, 60.0]
    path = make(tmp_path / "a.mp4", map(flat, range(3)), times=times, sound=61)
    video, frames = read(path)
    assert video.has_sound
    assert [frame.time for frame in frames] == pytest.approx(times, abs=2e-3)


def test_time_lapse(tmp_path):
    times = [0, 20, 40, 60]
    path = make(tmp_path / "a.mp4", map(flat, range(4)), times=times)
    video, frames = read(path)
    assert [frame.time for frame in frames] == pytest.approx(times)
    assert video.frame_rate == pytest.approx(1 / 20, rel=0.5)


def test_dropped_frames_of_an_avi_are_no_damage(tmp_path):
    """Empty chunks: the container counts frames that are not there."""
    times = np.array([0, 1, 3, 4, 5, 8, 9]) / 10
    path = make(tmp_path / "a.avi", map(flat, range(7)), "mpeg4", times=times)
    assert b"\x00\x00\x00\x00" in path.read_bytes()
    video, frames = read(path, strict=True)
    assert video.frame_count == 10 and video.damaged == []
    assert [frame.time for frame in frames] == pytest.approx(times)
    assert [shown(frame.image) for frame in frames] == list(range(7))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_phones_rotation_is_applied(tmp_path, degrees):
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, : WIDTH // 2] = 200  # The left half is bright.
    path = make(tmp_path / "a.mp4", [picture] * 2)
    turn(path, degrees)
    video, frames = read(path)
    upright = np.rot90(picture, -degrees // 90)
    assert (video.height, video.width) == upright.shape[:2]
    assert np.abs(np.int16(frames[0].image) - upright).mean() < 4


def test_pixels_that_are_not_square_become_so(tmp_path):
    tags = {"sample_aspect_ratio": 2}
    path = make(tmp_path / "a.mp4", map(flat, range(3)), tags=tags)
    video, frames = read(path)
    assert (video.height, video.width) == (HEIGHT, 2 * WIDTH)
    assert frames[0].image.shape == (HEIGHT, 2 * WIDTH, 3)


@pytest.mark.parametrize("size", [(47, 63), (1, 1), (16, 16)])
def test_odd_and_small_sizes(tmp_path, size):
    path = make(
        tmp_path / "a.mkv", [flat(3, *size)] * 2, "ffv1", pix_fmt="bgr0"
    )
    video, frames = read(path)
    assert (video.height, video.width) == size
    assert [shown(frame.image) for frame in frames] == [3, 3]


def test_a_change_of_size_keeps_the_first(tmp_path):
    (tmp_path / "a.mjpeg").write_bytes(
        b"".join(
            cv2.imencode(".jpg", flat(5, *size))[1].tobytes()
            for size in ((48, 64), (96, 128), (48, 64))
        )
    )
    notes = []
    _, frames = read(tmp_path / "a.mjpeg", on_note=notes.append)
    assert [frame.image.shape for frame in frames] == [(48, 64, 3)] * 3
    assert "from 64x48 to 128x96" in notes[0]


def test_files_without_time_stamps_take_the_given_rate(tmp_path):
    jpegs = [cv2.imencode(".jpg", flat(i))[1].tobytes() for i in range(4)]
    (tmp_path / "a.mjpeg").write_bytes(b"".join(jpegs))
    video, frames = read(tmp_path / "a.mjpeg", frame_rate=5)
    assert video.frame_rate == 5
    assert [f.time for f in frames] == pytest.approx([0, 0.2, 0.4, 0.6])
    # Others keep theirs.
    path = make(tmp_path / "a.mp4", map(flat, range(4)))
    assert read(path, frame_rate=5)[0].frame_rate == 10


def test_standard_input_is_read_once(tmp_path, monkeypatch):
    path = make(tmp_path / "a.mkv", map(flat, range(5)))

    class Input:
        buffer = io.BytesIO(path.read_bytes())

    monkeypatch.setattr(sys, "stdin", Input)
    with open_video("-") as video:
        assert [shown(frame) for frame in video] == list(range(5))
        with pytest.raises(OSError, match="standard input can be read only"):
            list(video)


def test_a_pipe_gives_what_needs_no_seeking(tmp_path, monkeypatch):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    class Input:
        pass

    monkeypatch.setattr(sys, "stdin", Input)
    for name, options in (("a.mkv", {}), ("a.mp4", {"movflags": "+faststart"})):
        path = make(
            tmp_path / name, map(flat, range(5)), container_options=options
        )
        Input.buffer = Pipe(path.read_bytes())
        assert [shown(frame) for frame in open_video("-")] == list(range(5))
    path = make(tmp_path / "b.mp4", map(flat, range(5)))
    Input.buffer = io.BytesIO(path.read_bytes())  # As by `< b.mp4`.
    assert [shown(frame) for frame in open_video("-")] == list(range(5))
    # A small file fits into FFmpeg's buffer.
    path = make(tmp_path / "c.mp4", map(noise, range(40)), options={"g": "1"})
    Input.buffer = Pipe(path.read_bytes())
    assert "index is at its end must be given as a file" in refusal("-")


def test_a_pipe_that_gives_nothing_can_be_stopped(tmp_path, monkeypatch):
    # FFmpeg waits for some thousand bytes when it opens one.
    path = make(tmp_path / "a.mkv", map(noise, range(7)), "mpeg2video")
    reading, writing = os.pipe()
    with open(reading, "rb") as file, open(writing, "wb", 0) as writer:
        monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=file))
        writer.write(path.read_bytes())
        notes = []
        with open_video("-", on_note=notes.append) as video:
            threading.Timer(0.1, video.stop).start()
            assert len(list(video)) == 7
    assert not notes


def test_files_that_are_no_video(tmp_path, capfd):
    (tmp_path / "text.mp4").write_text("not a video\n" * 100)
    (tmp_path / "nothing.mp4").touch()
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        add_silence(container, container.add_stream("aac", rate=8000), 1)
    whole = make(tmp_path / "whole.mp4", map(noise, range(5))).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    for name, words in (
        ("text.mp4", "not a video"),
        ("nothing.mp4", "is empty"),
        ("sound.mp4", "holds no video"),
        ("cut.mp4", "incomplete MP4"),
    ):
        message = refusal(tmp_path / name)
        assert name in message and words in message
    # The message is all there is: FFmpeg wrote nothing of its own.
    assert capfd.readouterr().err == ""


def test_missing_path_and_bad_arguments(tmp_path):
    message = refusal(tmp_path / "nope.mp4", FileNotFoundError)
    assert "no such file" in message and "nope.mp4" in message
    with pytest.raises(ValueError, match="frame_rate"):
        open_video(tmp_path, frame_rate=0)


# --- damage --------------------------------------------------------------


def test_a_frame_that_does_not_decode_repeats_the_one_before(tmp_path):
    path = make(tmp_path / "a.mp4", map(grained, range(20)))
    damage(path, [7])
    video, frames = read(path)
    assert video.damaged == [7] and len(frames) == 20
    assert [f.is_damaged for f in frames] == [i == 7 for i in range(20)]
    assert shown(frames[7].image) == shown(frames[6].image) == 6
    assert frames[7].time == pytest.approx(0.7)
    assert "frame 7 of" in refusal(path, strict=True)


def test_damage_among_pictures_that_are_stored_in_another_order(tmp_path):
    path = make(
        tmp_path / "a.mp4", map(grained, range(30)),
        options={"bf": "3", "x264-params": "b-adapt=0:b-pyramid=none"},
    )  # fmt: skip
    with av.open(str(path)) as container:
        stored = [p.pts for p in container.demux(video=0) if p.size]
    assert stored != sorted(stored)
    # A B-picture: no other depends on it.
    number = next(i for i in range(10, 30) if stored[i] < max(stored[:i]))
    damage(path, [number])
    video, frames = read(path)
    place = sorted(stored).index(stored[number])
    assert video.damaged == [place] and len(frames) == 30
    times = [frame.time for frame in frames]
    np.testing.assert_allclose(times, np.arange(30) / 10, atol=2e-3)
    assert shown(frames[place].image) == place - 1


def test_damage_before_the_first_frame_that_decodes(tmp_path):
    path = make(
        tmp_path / "a.avi",
        map(flat, range(6)),
        "mjpeg",
        pix_fmt="yuvj420p",
    )
    damage(path, [0, 1, 5])
    video, frames = read(path)
    assert video.damaged == [0, 1, 5]
    assert [shown(f.image) for f in frames] == [2, 2, 2, 3, 4, 4]


def test_a_file_that_never_decodes(tmp_path):
    path = make(tmp_path / "a.mp4", map(grained, range(4)))
    damage(path, range(4))
    assert "no frame that can be decoded" in refusal(path)


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.webm"])
def test_a_file_that_is_cut_off_gives_what_it_has(tmp_path, name):
    codec = {"a.avi": "mpeg4", "a.webm": "libvpx"}.get(name, "libx264")
    path = make(
        tmp_path / name,
        map(noise, range(40)),
        codec,
        options={"g": "1"},
        container_options={"movflags": "+faststart"},
    )
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    notes = []
    video, frames = read(path, on_note=notes.append)
    assert 5 < len(frames) < 35
    assert len(notes) == 1 and f"{name} is cut off or damaged" in notes[0]
    assert f"after {len(frames)} frames" in notes[0]
    assert "damaged" in refusal(path, strict=True)


def test_trimmed_clip_is_not_taken_for_damaged(tmp_path):
    """An edit list hides the first half; the stored count stays 40."""
    import struct

    path = make(tmp_path / "a.mp4", map(noise, range(40)), options={"g": "5"})
    found = boxes(path.read_bytes())
    index = found[b"moov"]
    (media_rate,) = struct.unpack_from(">I", index, index.find(b"mdhd") + 16)
    header = index.find(b"mvhd")
    (movie_rate,) = struct.unpack_from(">I", index, header + 16)
    struct.pack_into(">I", index, header + 20, 2 * movie_rate)
    edit = index.find(b"elst") + 12
    struct.pack_into(">II", index, edit, 2 * movie_rate, 2 * media_rate)
    path.write_bytes(b"".join(found.values()))
    _, frames = read(path, strict=True)
    assert 15 <= len(frames) <= 25


# --- images --------------------------------------------------------------


def test_folder_is_read_in_natural_order(tmp_path):
    names = ["frame1.png", "frame2.PNG", "frame10.jpg", "frame20.bmp"]
    folder = make_folder(tmp_path / "frames", names)
    (folder / "notes.txt").write_text("not a frame")
    (folder / "._frame1.png").write_text("not a frame either")
    (folder / "more.png").mkdir()
    video, frames = read(folder)
    assert (video.height, video.width) == (HEIGHT, WIDTH)
    assert (video.frame_rate, video.frame_count) == (25.0, 4)
    means = [frame.image.mean() for frame in frames]
    np.testing.assert_allclose(means, [0, 10, 20, 30], atol=1)
    assert [f.name for f in frames] == "frame1 frame2 frame10 frame20".split()
    video, frames = read(folder, frame_rate=2)
    assert [frame.time for frame in frames] == [0, 0.5, 1, 1.5]


@pytest.mark.parametrize(
    "pattern, names",
    [
        ("*.png", ["a_0008", "a_0009", "a_0010", "b"]),
        ("a_*", ["a_0008", "a_0009", "a_0010"]),
        ("a_%04d.png", ["a_0008", "a_0009", "a_0010"]),
        ("a_%d.png", ["a_0008", "a_0009", "a_0010"]),
        ("?.png", ["b"]),
        ("b.png", ["b"]),
        ("../*/b.png", ["b"]),
    ],
)
def test_patterns_and_stills(tmp_path, pattern, names):
    files = ["b.png", "a_0010.png", "a_0009.png", "a_0008.png"]
    make_folder(tmp_path / "frames", files)
    video, frames = read(tmp_path / "frames" / pattern)
    assert [frame.name for frame in frames] == names
    assert video.frame_count == len(names)


def test_patterns_without_images(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("", "*.png", "%06d.png"):
        message = refusal(tmp_path / "empty" / name)
        assert "no images" in message and ".png" in message
    # Who looks for videos is not told of images.
    message = refusal(tmp_path / "empty" / "*.mp4")
    assert "no files named like" in message and ".png" not in message
    message = refusal(tmp_path / "no" / "%d.png", FileNotFoundError)
    assert "no such folder" in message


def test_a_url_that_is_not_read_is_no_file():
    with pytest.raises(ValueError, match="ftp:// is not read.*http, https"):
        open_video("ftp://server/a.mp4")


def test_folder_frames_are_rgb(tmp_path):
    (tmp_path / "frames").mkdir()
    blue_in_bgr = np.zeros((4, 4, 3), np.uint8) + np.uint8((255, 0, 0))
    cv2.imwrite(str(tmp_path / "frames" / "0.png"), blue_in_bgr)
    (frame,) = open_video(tmp_path / "frames")
    assert frame[0, 0].tolist() == [0, 0, 255]


def test_images_of_16_bits_are_scaled_alike(tmp_path):
    """The first is dark: by itself it would be taken for 8 bits."""
    (tmp_path / "frames").mkdir()
    for index, value in enumerate((200, 4000)):
        image = np.full((4, 4), value, np.uint16)
        cv2.imwrite(str(tmp_path / "frames" / f"{index}.png"), image)
    notes = []
    _, frames = read(tmp_path / "frames", on_note=notes.append)
    assert [f.image[0, 0, 0] for f in frames] == [12, 249]
    assert "only 12" in notes[0]


@pytest.mark.parametrize("fault", ["cut", "hole", "text", "empty"])
def test_damaged_image_repeats_the_one_before(tmp_path, fault):
    folder = make_folder(tmp_path / "frames", [f"{i}.png" for i in range(5)])
    path = folder / "3.png"
    cv2.imwrite(str(path), noise(0))
    data = path.read_bytes()
    half = len(data) // 2
    path.write_bytes(
        {
            "cut": data[:half],
            "hole": data[:half] + bytes(64) + data[half + 64 :],
            "text": b"not an image",
            "empty": b"",
        }[fault]
    )
    video, frames = read(folder)
    assert video.damaged == [3] and frames[3].is_damaged
    assert [frame.name for frame in frames] == list("01234")
    assert np.array_equal(frames[3].image, frames[2].image)
    message = refusal(folder, strict=True)
    assert "frame 3" in message and "3.png" in message


def test_damaged_first_image(tmp_path):
    folder = make_folder(tmp_path / "frames", ["0.png", "1.png"])
    (folder / "0.png").write_bytes(b"")
    video, frames = read(folder)
    assert video.damaged == [0]
    assert np.array_equal(frames[0].image, frames[1].image)
    (folder / "1.png").write_bytes(b"")
    assert "does not decode" in refusal(folder)


def test_frame_of_another_size_is_named(tmp_path):
    folder = make_folder(tmp_path / "frames", ["0.png", "1.png"])
    cv2.imwrite(str(folder / "1.png"), np.zeros((30, 40, 3), np.uint8))
    message = refusal(folder)
    assert "1.png" in message and "40x30" in message and "64x48" in message


# --- without PyAV --------------------------------------------------------


def test_opencv_alone_reads_files_with_a_note(tmp_path, monkeypatch):
    path = make(tmp_path / "a.mp4", map(flat, range(5)))
    monkeypatch.setattr("accel_tf.optional.has_av", lambda: False)
    notes = []
    video, frames = read(path, on_note=notes.append)
    assert [shown(frame.image) for frame in frames] == list(range(5))
    assert video.frame_rate == 10
    assert 'pip install "accel-tf[video]"' in notes[0]
