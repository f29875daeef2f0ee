import struct

import cv2
import numpy as np
import pytest

from accel_tf.video import VideoWriter, open_video

HEIGHT, WIDTH, RATE = 48, 64, 25.0


def make_frame(index, height=HEIGHT, width=WIDTH):
    """Noise that moves: compresses badly, so every frame has many bytes."""
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    return np.roll(noise.astype(np.uint8), index, axis=1)


def make_video(path, count=40):
    with VideoWriter(path, HEIGHT, WIDTH, RATE) as writer:
        for index in range(count):
            writer.write(make_frame(index))
    return path


def make_folder(folder, names):
    folder.mkdir()
    for index, name in enumerate(names):
        image = np.full((HEIGHT, WIDTH, 3), 10 * index, np.uint8)
        assert cv2.imwrite(str(folder / name), image)
    return folder


def read_until_error(source, error=ValueError):
    """Number of frames before the error, and its message, one line."""
    count = 0
    with pytest.raises(error) as caught, open_video(source) as video:
        for _ in video:
            count += 1
    assert "\n" not in str(caught.value)
    return count, str(caught.value)


def mp4_boxes(data):
    """Top-level boxes of an MP4 file as a dict, in order."""
    boxes, position = {}, 0
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        boxes[name] = bytearray(data[position : position + length])
        position += length
    return boxes


# --- video files ---------------------------------------------------------


def test_video_file_has_size_rate_count_and_rgb_frames(tmp_path):
    red = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    red[..., 0] = 200
    with VideoWriter(tmp_path / "red.mp4", HEIGHT, WIDTH, 12.5) as writer:
        for _ in range(5):
            writer.write(red)
    with open_video(str(tmp_path / "red.mp4")) as video:
        assert (video.height, video.width) == (HEIGHT, WIDTH)
        assert (video.frame_rate, video.frame_count) == (12.5, 5)
        frames = list(video)
        assert len(list(video)) == 5  # A second pass starts at the first frame.
    assert len(frames) == 5
    assert frames[0].shape == red.shape and frames[0].dtype == np.uint8
    np.testing.assert_allclose(frames[0].mean((0, 1)), (200, 0, 0), atol=6)


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_cut_off_mp4_is_called_incomplete(tmp_path, part):
    data = make_video(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: int(part * len(data))])
    count, message = read_until_error(tmp_path / "cut.mp4")
    assert count == 0
    assert "cut.mp4" in message and "incomplete" in message


def test_cut_off_mp4_with_its_index_in_front(tmp_path):
    """As streaming services lay files out: the start of a download opens."""
    boxes = mp4_boxes(make_video(tmp_path / "whole.mp4").read_bytes())
    index = boxes.pop(b"moov")
    # The index holds the absolute place of every chunk.
    table = index.find(b"stco") + 8
    (entries,) = struct.unpack_from(">I", index, table)
    for entry in range(table + 4, table + 4 + 4 * entries, 4):
        (place,) = struct.unpack_from(">I", index, entry)
        struct.pack_into(">I", index, entry, place + len(index))
    data = boxes.pop(b"ftyp") + index + b"".join(boxes.values())

    (tmp_path / "streamed.mp4").write_bytes(data)
    with open_video(tmp_path / "streamed.mp4") as video:
        assert len(list(video)) == 40
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    count, message = read_until_error(tmp_path / "cut.mp4")
    assert 5 < count < 35
    assert "cut.mp4 states 40 frames" in message
    assert f"from frame {count} on" in message


@pytest.mark.parametrize("ending", [".avi", ".mkv"])
def test_other_cut_off_files_end_in_an_error(tmp_path, ending):
    data = make_video(tmp_path / f"whole{ending}").read_bytes()
    (tmp_path / f"cut{ending}").write_bytes(data[: len(data) // 2])
    count, message = read_until_error(tmp_path / f"cut{ending}")
    assert 5 < count < 35
    assert f"cut{ending}" in message and f"from frame {count} on" in message


def test_damage_in_the_middle_and_at_the_end(tmp_path):
    data = bytearray(make_video(tmp_path / "whole.mp4").read_bytes())
    middle, eighth = len(data) // 2, len(data) // 8
    hole = data.copy()
    hole[middle : middle + eighth] = bytes(eighth)
    (tmp_path / "hole.mp4").write_bytes(hole)
    count, message = read_until_error(tmp_path / "hole.mp4")
    assert 5 < count < 35
    assert f"frame {count} of" in message and "hole.mp4" in message
    assert "later frames do" in message

    # From the middle of the data to the index, which stays.
    end = data.find(b"moov") - 4
    data[middle:end] = bytes(end - middle)
    (tmp_path / "tail.mp4").write_bytes(data)
    count, message = read_until_error(tmp_path / "tail.mp4")
    assert 5 < count < 35
    assert "tail.mp4" in message and f"frame {count}" in message


def test_trimmed_clip_is_not_taken_for_damaged(tmp_path):
    """An edit list hides the first half; the stored count stays 40."""
    boxes = mp4_boxes(make_video(tmp_path / "whole.mp4").read_bytes())
    index = boxes[b"moov"]
    (media_rate,) = struct.unpack_from(">I", index, index.find(b"mdhd") + 16)
    header = index.find(b"mvhd")
    (movie_rate,) = struct.unpack_from(">I", index, header + 16)
    half = 20 / RATE
    struct.pack_into(">I", index, header + 20, round(half * movie_rate))
    edit = index.find(b"elst") + 12
    struct.pack_into(
        ">II", index, edit, round(half * movie_rate), round(half * media_rate)
    )
    (tmp_path / "trimmed.mp4").write_bytes(b"".join(boxes.values()))
    with open_video(tmp_path / "trimmed.mp4") as video:
        frames = list(video)
        assert video.frame_count == 40
    assert 15 <= len(frames) <= 25


def test_files_that_are_no_video(tmp_path, capfd):
    (tmp_path / "text.mp4").write_text("not a video\n" * 100)
    (tmp_path / "nothing.mp4").touch()
    cv2.imwrite(str(tmp_path / "still.png"), make_frame(0))
    codec = cv2.VideoWriter_fourcc(*"mp4v")
    for name in ("no_frames.mp4", "no_frames.avi"):
        size = (WIDTH, HEIGHT)
        cv2.VideoWriter(str(tmp_path / name), codec, RATE, size).release()
    capfd.readouterr()
    for name, words in (
        ("text.mp4", "not a video"),
        ("nothing.mp4", "empty"),
        ("still.png", "still image"),
        ("no_frames.mp4", "holds no"),
        ("no_frames.avi", "holds no"),
    ):
        count, message = read_until_error(tmp_path / name)
        assert count == 0 and name in message and words in message
    # The message is all there is: OpenCV and FFmpeg wrote nothing of theirs.
    assert capfd.readouterr().err == ""


def test_missing_path_and_bad_arguments(tmp_path):
    _, message = read_until_error(tmp_path / "nope.mp4", FileNotFoundError)
    assert "no such file" in message and "nope.mp4" in message
    with pytest.raises(ValueError, match="frame_rate"):
        open_video(tmp_path, frame_rate=0)


# --- cameras -------------------------------------------------------------


@pytest.mark.parametrize("source", [99, "99", -1])
def test_camera_that_cannot_be_opened(source, capfd):
    with pytest.raises(OSError, match=f"camera {source} cannot be opened"):
        open_video(source)
    assert capfd.readouterr().err == ""


def test_digits_that_name_a_folder_are_no_camera(tmp_path, monkeypatch):
    make_folder(tmp_path / "99", ["a.png"])
    monkeypatch.chdir(tmp_path)
    assert open_video("99").frame_count == 1


# --- folders -------------------------------------------------------------


def test_folder_is_read_in_natural_order(tmp_path):
    names = ["frame1.png", "frame2.PNG", "frame10.jpg", "frame20.bmp"]
    folder = make_folder(tmp_path / "frames", names)
    (folder / "notes.txt").write_text("not a frame")
    (folder / "._frame1.png").write_text("not a frame either")
    (folder / "more.png").mkdir()
    with open_video(folder) as video:
        assert (video.height, video.width) == (HEIGHT, WIDTH)
        assert (video.frame_rate, video.frame_count) == (25.0, 4)
        means = [frame.mean() for frame in video]
    np.testing.assert_allclose(means, [0, 10, 20, 30], atol=1)
    assert open_video(folder, frame_rate=15).frame_rate == 15.0


def test_folder_frames_are_rgb(tmp_path):
    (tmp_path / "frames").mkdir()
    blue_in_bgr = np.zeros((4, 4, 3), np.uint8) + np.uint8((255, 0, 0))
    cv2.imwrite(str(tmp_path / "frames" / "0.png"), blue_in_bgr)
    (frame,) = open_video(tmp_path / "frames")
    assert frame[0, 0].tolist() == [0, 0, 255]


def test_folder_without_images(tmp_path):
    (tmp_path / "empty").mkdir()
    _, message = read_until_error(tmp_path / "empty")
    assert "no images" in message and ".png" in message


@pytest.mark.parametrize("damage", ["cut", "hole", "text", "empty"])
def test_damaged_image_is_named(tmp_path, damage):
    folder = make_folder(tmp_path / "frames", [f"{i}.png" for i in range(5)])
    path = folder / "3.png"
    cv2.imwrite(str(path), make_frame(0))
    data = path.read_bytes()
    half = len(data) // 2
    path.write_bytes(
        {
            "cut": data[:half],
            "hole": data[:half] + bytes(64) + data[half + 64 :],
            "text": b"not an image",
            "empty": b"",
        }[damage]
    )
    count, message = read_until_error(folder)
    assert count == 3
    assert "frame 3" in message and "3.png" in message


def test_frame_of_another_size_is_named(tmp_path):
    folder = make_folder(tmp_path / "frames", ["0.png", "1.png"])
    cv2.imwrite(str(folder / "1.png"), np.zeros((30, 40, 3), np.uint8))
    count, message = read_until_error(folder)
    assert count == 1
    assert "1.png" in message and "40x30" in message and "64x48" in message
