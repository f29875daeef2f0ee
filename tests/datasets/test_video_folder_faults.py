"""What the builder `video_folder` says about files that are not right."""

import shutil

import image_writing
import numpy as np
import pytest
from clip_drawing import build, colored, draw, draw_clip, label_of, read

from accel_tf.datasets import clip_files


def write_wrong_value(path):
    label = label_of(0)
    label[2, 5] = 3
    image_writing.write_image(path, label)


def write_wrong_color(path):
    image = colored(label_of(0))
    image[2, 5] = 9, 8, 7
    image_writing.write_image(path, image)


def write_other_size(path):
    image_writing.write_image(path, np.zeros((8, 8), np.uint8))


def make_it_jpeg(path):
    image = image_writing.random_frame(0)
    path.write_bytes(image_writing.write_image(path.with_suffix(".jpg"), image))
    path.with_suffix(".jpg").unlink()


def move_label(path):
    path.rename(path.with_name("000777.png"))


def remove(path):
    path.unlink()


def duplicate(path):
    shutil.copy(path, path.with_name("1.png"))


def letters_only(path):
    path.rename(path.with_name("second.png"))


def remove_parent(path):
    shutil.rmtree(path.parent)


def remove_clips(path):
    shutil.rmtree(path.parent.parent)


def rename_split(path):
    split = path.parent.parent.parent
    split.rename(split.with_name("val-1"))


def add_video(path):
    (path.parent.parent.parent / "drive.mp4").write_bytes(b"video")


LABEL = "validation/street/labels/000002.png"
FRAME = "validation/street/frames/000001.png"


@pytest.mark.parametrize(
    ("spoil", "file", "error", "expected"),
    [
        (write_wrong_value, LABEL, ValueError, "the value 3 at x=5, y=2"),
        (
            write_wrong_color,
            LABEL,
            ValueError,
            "000002.png has the colour (9, 8, 7) at x=5, y=2, which is not",
        ),
        (write_other_size, LABEL, ValueError, "000002.png is 8x8 and"),
        (write_other_size, FRAME, ValueError, "000001.png is 8x8 and"),
        (make_it_jpeg, LABEL, ValueError, "000002.png is not a PNG file"),
        (make_it_jpeg, FRAME, ValueError, "000001.png is not a PNG file"),
        (image_writing.cut_off, LABEL, ValueError, "000002.png does not dec"),
        (image_writing.cut_off, FRAME, ValueError, "000001.png does not dec"),
        (move_label, LABEL, FileNotFoundError, "000777.png has no frame 000"),
        (duplicate, FRAME, ValueError, "have the number 1"),
        (letters_only, FRAME, ValueError, "must differ in one number"),
        (remove, "train/first/frames/000010.png", ValueError, "000011 the st"),
        (remove_parent, FRAME, FileNotFoundError, "images in"),
        (remove_clips, FRAME, FileNotFoundError, "validation has no clips"),
        (rename_split, FRAME, ValueError, "val-1 cannot be a split"),
        (add_video, FRAME, ValueError, "drive.mp4 is a video file"),
        (remove, "classes.txt", FileNotFoundError, "classes.txt; it lists"),
    ],
)
def test_a_fault_is_named_in_one_line(spoil, file, error, expected, tmp_path):
    root = draw(tmp_path / "clips")
    spoil(root / file)
    with pytest.raises(error) as caught:
        build(root, tmp_path / "data")
    message = str(caught.value)
    assert expected in message
    assert str(root) in message
    assert "\n" not in message
    assert not list((tmp_path / "data").rglob("*tfrecord*"))


def test_faults_can_be_skipped(tmp_path):
    root = draw(tmp_path / "clips")
    write_wrong_value(root / "train/first/labels/000009.png")
    image_writing.cut_off(root / "train/first/labels/000011.png")
    image_writing.cut_off(root / "train/unlabelled/frames/000000.png")
    builder = build(root, tmp_path / "data", on_fault="skip")
    (example,) = read(builder, "train").values()
    assert example["label_positions"].tolist() == [1, 5]
    expected = label_of(0)
    expected[2, 5] = 255
    np.testing.assert_array_equal(example["labels"][0, ..., 0], expected)
    skipped = builder.info.metadata["skipped"]
    assert len(skipped) == 3
    assert "the value 3 at x=5, y=2; by" in skipped[0]
    assert skipped[0].endswith("pixels ignored there: 1")


def test_frames_of_two_formats_are_refused(tmp_path):
    root = draw(tmp_path / "clips")
    draw_clip(root / "train/photos", range(2), ".jpg")
    with pytest.raises(ValueError, match="one format.*000000.jpg a JPEG"):
        build(root, tmp_path / "data")


def test_a_clip_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_files, "LARGEST_CLIP", 100)
    root = draw(tmp_path / "clips")
    with pytest.raises(ValueError, match="split the clip or set a window"):
        build(root, tmp_path / "data")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1 to 255 classes, not 0"),
        ("ignore 0 0 0", "1 to 255 classes, not 0"),
        ("road 1 2", "line 1 must be a name and three values"),
        ("road 1 2 256", "line 1 must be a name and three values"),
        ("road 1 2 3\n\nroad 4 5 6", "line 3: the name 'road' occurs twice"),
        ("road 1 2 3\ncar 1 2 3", "the colour (1, 2, 3) occurs twice"),
    ],
)
def test_faulty_class_lists_are_named(text, expected, tmp_path):
    root = draw(tmp_path / "clips")
    (root / "classes.txt").write_text(text)
    with pytest.raises(ValueError) as caught:
        build(root, tmp_path / "data")
    assert expected in str(caught.value)
    assert "classes.txt" in str(caught.value)
