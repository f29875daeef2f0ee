import json
import os
import struct
import zlib

import cv2
import numpy as np
import pytest

from accel_tf.data.label_maps import CAMVID_11, CITYSCAPES, STREETS, LabelMap
from accel_tf.video import LabelWriter, VideoWriter, open_video
from accel_tf.video.writer import palette_png

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


def read_palette_png(path):
    """Indices and palette of an 8-bit palette PNG without row filters."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, position = {}, 8
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        chunks[name] = data[position + 8 : position + 8 + length]
        (check,) = struct.unpack_from(">I", data, position + 8 + length)
        assert check == zlib.crc32(name + chunks[name])
        position += 12 + length
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    width, height, *kind = struct.unpack(">2I5B", chunks[b"IHDR"])
    assert kind == [8, 3, 0, 0, 0]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8)
    rows = rows.reshape(height, width + 1)
    assert not rows[:, 0].any()
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    return rows[:, 1:], palette


# --- VideoWriter ---------------------------------------------------------


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


def test_video_that_was_not_stored_is_an_error(tmp_path):
    """OpenCV does not report a full disk; the file is short then."""
    writer = VideoWriter(tmp_path / "out.mp4", HEIGHT, WIDTH, RATE)
    with pytest.raises(OSError, match="could not be finished"):
        with writer:
            writer.write(make_frame())
            writer._close()
            (partial,) = tmp_path.iterdir()
            partial.write_bytes(partial.read_bytes()[:100])
    assert os.listdir(tmp_path) == []


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


@pytest.mark.parametrize("name", ["out.mov2", "out", "out.gif"])
def test_unknown_ending_names_those_that_work(tmp_path, name):
    with pytest.raises(ValueError, match=r"\.mp4, \.avi, \.mkv"):
        VideoWriter(tmp_path / name, HEIGHT, WIDTH, RATE)


def test_targets_that_cannot_be_written(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder.*absent"):
        VideoWriter(tmp_path / "absent" / "out.mp4", HEIGHT, WIDTH, RATE)
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(ValueError, match="is a folder"):
        VideoWriter(tmp_path / "folder.mp4", HEIGHT, WIDTH, RATE)
    # Refused by the file system for every user: the partial's name is longer.
    long_name = tmp_path / ("n" * 250 + ".mp4")
    with pytest.raises(OSError, match="cannot write to the folder") as caught:
        with VideoWriter(long_name, HEIGHT, WIDTH, RATE):
            raise AssertionError("the block must not be entered")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "height, width, rate", [(0, 64, 25), (48, 64, 0), (48, 64, 1e6)]
)
def test_bad_sizes_and_rates(tmp_path, height, width, rate):
    with pytest.raises(ValueError, match="must be"):
        VideoWriter(tmp_path / "out.mp4", height, width, rate)


# --- LabelWriter ---------------------------------------------------------


def test_cityscapes_labels_become_label_ids(tmp_path):
    labels = np.arange(20, dtype=np.uint8).reshape(4, 5)
    labels[3, 4] = 255
    with LabelWriter(tmp_path / "labels", CITYSCAPES) as writer:
        writer.write(labels)
        writer.write(labels[:, ::-1])
        assert not (tmp_path / "labels").exists()
    assert os.listdir(tmp_path) == ["labels"]
    assert sorted(os.listdir(tmp_path / "labels")) == [
        "000000.png",
        "000001.png",
        "classes.json",
    ]
    values, palette = read_palette_png(tmp_path / "labels" / "000000.png")
    ids = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22]
    ids += [23, 24, 25, 26, 27, 28, 31, 32, 33, 0]
    assert values.ravel().tolist() == ids
    assert palette.shape == (34, 3)
    assert palette[7].tolist() == [128, 64, 128]
    mirrored, _ = read_palette_png(tmp_path / "labels" / "000001.png")
    np.testing.assert_array_equal(mirrored, values[:, ::-1])

    image = cv2.imread(str(tmp_path / "labels" / "000000.png"))[..., ::-1]
    np.testing.assert_array_equal(image, palette[values])
    assert tuple(image[2, 3]) == CITYSCAPES.colors[13]

    classes = json.loads((tmp_path / "labels" / "classes.json").read_text())
    assert len(classes) == 20
    assert classes["7"] == "road" and classes["0"] == "unlabeled"


def test_a_part_of_the_cityscapes_classes_suffices(tmp_path):
    labels = np.array([[0, 3, 7, 255]], np.uint8)
    with LabelWriter(tmp_path / "labels", STREETS) as writer:
        writer.write(labels)
    values, _ = read_palette_png(tmp_path / "labels" / "000000.png")
    assert values.tolist() == [[7, 17, 26, 0]]


def test_other_labels_stay_class_indices(tmp_path):
    labels = np.array([[0, 4, 10, 255]], np.uint8)
    (tmp_path / "labels").mkdir()  # An empty folder is as good as none.
    with LabelWriter(tmp_path / "labels", CAMVID_11) as writer:
        writer.write(labels)
    values, palette = read_palette_png(tmp_path / "labels" / "000000.png")
    np.testing.assert_array_equal(values, labels)
    assert tuple(palette[4]) == CAMVID_11.colors[4]
    assert tuple(palette[255]) == (0, 0, 0)
    classes = json.loads((tmp_path / "labels" / "classes.json").read_text())
    assert classes["4"] == "pavement" and classes["255"] == "ignore"


def test_label_folder_that_is_not_empty_is_refused(tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "000000.png").write_bytes(b"earlier work")
    with pytest.raises(FileExistsError, match="labels.*not an empty folder"):
        LabelWriter(tmp_path / "labels", CITYSCAPES)
    with pytest.raises(FileExistsError):
        LabelWriter(tmp_path / "labels" / "000000.png", CITYSCAPES)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        LabelWriter(tmp_path / "absent" / "labels", CITYSCAPES)


def test_exception_leaves_no_labels(tmp_path):
    labels = np.zeros((4, 4), np.uint8)
    with pytest.raises(RuntimeError):
        with LabelWriter(tmp_path / "labels", CITYSCAPES) as writer:
            writer.write(labels)
            raise RuntimeError
    with pytest.raises(ValueError, match="no frame was given"):
        with LabelWriter(tmp_path / "labels", CITYSCAPES):
            pass
    assert os.listdir(tmp_path) == []


def test_interrupt_keeps_the_labels_so_far(tmp_path):
    labels = np.zeros((4, 4), np.uint8)
    with pytest.raises(KeyboardInterrupt):
        with LabelWriter(tmp_path / "labels", CITYSCAPES) as writer:
            writer.write(labels)
            # The interrupt came while the second image was written.
            (tmp_path / ".labels.partial" / "000001.png").write_bytes(b"half")
            raise KeyboardInterrupt
    assert os.listdir(tmp_path) == ["labels"]
    files = sorted(os.listdir(tmp_path / "labels"))
    assert files == ["000000.png", "classes.json"]


def test_remains_of_a_killed_process_are_replaced(tmp_path):
    (tmp_path / ".labels.partial").mkdir()
    (tmp_path / ".labels.partial" / "000007.png").touch()
    with LabelWriter(tmp_path / "labels", CITYSCAPES) as writer:
        writer.write(np.zeros((4, 4), np.uint8))
    assert "000007.png" not in os.listdir(tmp_path / "labels")


def test_labels_that_do_not_fit_are_refused(tmp_path):
    two = LabelMap(("a", "b"), ((1, 2, 3), (4, 5, 6)))
    for labels, words in (
        (np.full((2, 2), 2, np.uint8), "label 2 of image 0 .* 0 to 1"),
        (np.zeros((2, 2), np.int32), "uint8"),
        (np.zeros((2, 2, 1), np.uint8), "shape"),
    ):
        with pytest.raises(ValueError, match=words):
            with LabelWriter(tmp_path / "labels", two) as writer:
                writer.write(labels)
    assert os.listdir(tmp_path) == []


def test_palette_png_of_every_value(tmp_path):
    random = np.random.default_rng(0)
    values = random.integers(0, 256, (33, 17), np.uint8)
    palette = random.integers(0, 256, (256, 3), np.uint8)
    (tmp_path / "image.png").write_bytes(palette_png(values, palette))
    decoded, decoded_palette = read_palette_png(tmp_path / "image.png")
    np.testing.assert_array_equal(decoded, values)
    np.testing.assert_array_equal(decoded_palette, palette)
    image = cv2.imread(str(tmp_path / "image.png"))[..., ::-1]
    np.testing.assert_array_equal(image, palette[values])
