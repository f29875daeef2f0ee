import json
import os
import pathlib
import struct
import zlib

import cv2
import numpy as np
import pytest

from accel_tf.data.label_maps import CAMVID_11, CITYSCAPES, STREETS, LabelMap
from accel_tf.video import LabelWriter, SourceLostError
from accel_tf.video.labels import palette_png


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
    folder = tmp_path / "labels"
    with LabelWriter(folder, STREETS, label_ids="cityscapes") as writer:
        writer.write(labels)
    values, _ = read_palette_png(folder / "000000.png")
    assert values.tolist() == [[7, 17, 26, 0]]
    # Unless they are asked for, ids are for the whole 19 alone.
    for label_map, ids in ((STREETS, None), (CITYSCAPES, "index")):
        folder = tmp_path / f"indices_{len(label_map)}"
        with LabelWriter(folder, label_map, label_ids=ids) as writer:
            writer.write(labels)
        values, _ = read_palette_png(folder / "000000.png")
        assert values.tolist() == [[0, 3, 7, 255]]
        classes = json.loads((folder / "classes.json").read_text())
        assert classes["0"] == "road" and classes["255"] == "ignore"
    with pytest.raises(ValueError, match="not all classes are Cityscapes'"):
        LabelWriter(tmp_path / "camvid", CAMVID_11, label_ids="cityscapes")


def test_images_are_called_like_their_frames(tmp_path):
    labels = np.zeros((4, 4), np.uint8)
    with LabelWriter(tmp_path / "labels", CITYSCAPES) as writer:
        for name in ("0016E5_07959", "b", "b", None):
            writer.write(labels, name)
    files = sorted(path.name for path in (tmp_path / "labels").glob("*.png"))
    assert files == ["000003.png", "0016E5_07959.png", "b.png", "b_000002.png"]


def test_long_names(tmp_path):
    labels = np.zeros((4, 4), np.uint8)
    with LabelWriter(tmp_path / ("n" * 255), CITYSCAPES) as writer:
        writer.write(labels)
    assert os.listdir(tmp_path) == ["n" * 255]
    with pytest.raises(OSError, match="longer than file systems take"):
        LabelWriter(tmp_path / ("n" * 256), CITYSCAPES)


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


@pytest.mark.parametrize("error", [KeyboardInterrupt, SourceLostError])
def test_interrupt_keeps_the_labels_so_far(tmp_path, monkeypatch, error):
    labels = np.zeros((4, 4), np.uint8)

    def stop(path, data):
        with open(path, "wb") as file:
            file.write(data[:10])
        raise error

    with pytest.raises(error):
        with LabelWriter(tmp_path / "labels", CITYSCAPES) as writer:
            writer.write(labels)
            # It comes while the second image is written.
            monkeypatch.setattr(pathlib.Path, "write_bytes", stop)
            writer.write(labels)
    assert os.listdir(tmp_path) == ["labels"]
    files = sorted(os.listdir(tmp_path / "labels"))
    assert files == ["000000.png", "classes.json"]


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
