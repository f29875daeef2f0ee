"""The list of classes of `video_folder`, and what masks mean by it."""

import codecs
import pathlib

import image_writing
import numpy as np
import pytest
import tensorflow_datasets as tfds
from clip_drawing import build, draw_clip, read

from accel_tf.data.dataset_labels import NOTES_KEY, label_map_of
from accel_tf.datasets.video_folder.class_list import read_class_list

NAMES = ("road", "traffic light", "person")
COLORS = ((10, 20, 30), (250, 170, 30), (220, 20, 60))


def write_list(folder, data):
    path = folder / "classes.txt"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def read_values(path, values, folder):
    """Classes of a grey label image that holds the values in a row."""
    image = folder / "label.png"
    image_writing.write_image(image, np.array([values], np.uint8))
    return path.read_classes(pathlib.Path(image))[0].tolist()


PLAIN = "road 10 20 30\ntraffic light 250 170 30\nperson 220 20 60\n"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        codecs.BOM_UTF8 + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        "\n# mine\n\n" + PLAIN.replace("\n", "  \n \t\n") + "\n\n",
        PLAIN.replace("road ", "road\t"),
        PLAIN.replace("10 20 30", "10\t20\t30  # asphalt, see 4 5 6"),
        "name,r,g,b\nroad,10,20,30\ntraffic light, 250, 170, 30\n"
        "person;220;20;60",
    ],
)
def test_lists_are_read_as_editors_write_them(data, tmp_path):
    label_map = read_class_list(write_list(tmp_path, data)).label_map
    assert label_map.names == NAMES
    assert label_map.colors == COLORS


def test_values_can_be_mapped(tmp_path):
    text = "back 0 0 0\nperson 9 9 9 = 255, 7\nignore = 11 12\nignore 1 1 1\n"
    classes = read_class_list(write_list(tmp_path, text))
    assert classes.label_map.names == ("back", "person")
    values = [0, 255, 7, 11, 12]
    assert read_values(classes, values, tmp_path) == [0, 1, 1, 255, 255]
    with pytest.raises(ValueError, match="value 1 at .*0, 7, 255, and 11 to"):
        read_values(classes, [0, 1], tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("road 1 2 3 = 5\ncar 4 5 6 = 5", "line 2: the value 5 occurs twice"),
        ("road 1 2 3 = 1\ncar 4 5 6", "1 is the value of another class than"),
        ("road 1 2 3 = 256", "line 1 must be a name and three values"),
        ("road = 5", "line 1 must be a name and three values"),
        ("255 person", "line 1 must be a name and three values"),
        (b"stra\xdfe 1 2 3", "not a text file in UTF-8 or UTF-16"),
        ("road 1 2 3".encode("utf-16-le"), "not a text file in UTF-8"),
    ],
)
def test_what_cannot_be_understood_is_named(text, expected, tmp_path):
    path = write_list(tmp_path, text)
    with pytest.raises(ValueError) as caught:
        read_class_list(path)
    assert expected in str(caught.value) and str(path) in str(caught.value)


def mask_folder(root, classes):
    draw_clip(root / "train/clip", range(3))
    write_list(root, classes)
    mask = np.zeros((16, 24), np.uint8)
    mask[4:, 6:] = 255
    image_writing.write_image(root / "train/clip/labels/000002.png", mask)
    return mask


def test_a_class_that_never_occurs_is_named(tmp_path, capsys):
    mask_folder(tmp_path / "clips", "back 0 0 0\nperson 9 9 9\n")
    builder = build(tmp_path / "clips", tmp_path)
    (note,) = builder.info.metadata[NOTES_KEY]
    assert note.startswith("no pixel of train is labelled person; 56 % are ign")
    assert "person 9 9 9 = 255" in note
    assert note in capsys.readouterr().out
    again = tfds.builder_from_directory(builder.data_dir)
    assert again.info.metadata[NOTES_KEY] == [note]


def test_masks_of_0_and_255_have_two_classes(tmp_path, capsys):
    mask = mask_folder(tmp_path / "clips", "back 0 0 0\nperson 9 9 9 = 255\n")
    builder = build(tmp_path / "clips", tmp_path)
    (example,) = read(builder, "train").values()
    np.testing.assert_array_equal(example["labels"][0, ..., 0], mask // 255)
    assert label_map_of(builder).names == ("back", "person")
    assert "note" not in capsys.readouterr().out


def test_grey_masks_of_one_bit_hold_indices(tmp_path):
    import cv2

    mask = np.tile(np.array([0, 1], np.uint8), (4, 4))
    path = tmp_path / "mask.png"
    cv2.imwrite(str(path), mask * 255, [cv2.IMWRITE_PNG_BILEVEL, 1])
    classes = read_class_list(write_list(tmp_path, "a 0 0 0\nb 1 1 1"))
    np.testing.assert_array_equal(classes.read_classes(path), mask)
