"""Teachers of all kinds give labels in the student's classes."""

import json

import cv2
import numpy as np
import pytest
from distill_pairs import tiny_student

from accel_tf.distill.teachers import (
    FolderTeacher,
    FunctionTeacher,
    ModelTeacher,
    TeacherError,
    make_teacher,
)
from accel_tf.streaming import VideoStream

NAMES = ("road", "car", "sky")
FRAMES = np.zeros((2, 4, 6, 3), np.uint8)


def folder_of(path, labels):
    path.mkdir(exist_ok=True)
    for name, values in labels.items():
        cv2.imwrite(str(path / f"{name}.png"), np.uint8(values))
    return path


def test_folder_gives_labels_by_number(tmp_path):
    labels = np.arange(6, dtype=np.uint8).reshape(2, 3) % 3
    folder = folder_of(tmp_path, {"gt_000250": labels})
    given = FolderTeacher(folder, NAMES).label(FRAMES, [250, 300])
    np.testing.assert_array_equal(given[0], labels.repeat(2, 0).repeat(2, 1))
    assert (given[1] == 255).all()


def test_folder_without_the_needed_frames(tmp_path):
    folder = folder_of(tmp_path, {"000250": [[0]], "000260": [[0]]})
    teacher = FolderTeacher(folder, NAMES)
    with pytest.raises(
        TeacherError,
        match=r"no labels of the frames 3 to 9; it has 2, from 250 to 260\.",
    ):
        teacher.label(FRAMES, [3, 9])


def test_folder_with_names_of_its_values(tmp_path):
    folder = folder_of(tmp_path, {"0": [[7, 26, 0]]})
    names = {"0": "unlabeled", "7": "road", "26": "car", "11": "building"}
    (folder / "classes.json").write_text(json.dumps(names))
    given = FolderTeacher(folder, NAMES).label(FRAMES[:1], [0])
    assert given[0, 0].tolist() == [0, 0, 1, 1, 255, 255]


def test_folders_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder of label images"):
        FolderTeacher(tmp_path / "none", NAMES)
    with pytest.raises(ValueError, match="holds no label images"):
        FolderTeacher(tmp_path, NAMES)
    folder_of(tmp_path, {"a_1": [[0]], "b_1": [[0]]})
    with pytest.raises(ValueError, match="are of the same frame"):
        FolderTeacher(tmp_path, NAMES)


def test_damaged_image_is_named(tmp_path):
    folder = folder_of(tmp_path, {"0": [[0]]})
    (folder / "0.png").write_bytes(b"no image")
    with pytest.raises(TeacherError, match=r"0\.png"):
        FolderTeacher(folder, NAMES).label(FRAMES[:1], [0])


def test_function_with_classes_of_its_own():
    teacher = FunctionTeacher(
        lambda frame, number: np.array([[0, 1], [255, 0]]) if number else None,
        NAMES,
        names=("tree", "car"),
    )
    given = teacher.label(FRAMES, [0, 1])
    assert (given[0] == 255).all()
    assert given[1, 0].tolist() == [255, 255, 255, 1, 1, 1]
    assert (given[1, 2:, :3] == 255).all()


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.full((2, 2), 3), "gives the label 3; it has 3 classes"),
        (np.full((2, 2), -1), "gives the label -1"),
        (np.full((2, 2), 0.5), "of integers, not float64"),
        (np.zeros((2, 2, 1), int), r"\[height, width\]"),
    ],
)
def test_labels_that_are_no_classes(labels, reason):
    teacher = FunctionTeacher(lambda frame, number: labels, NAMES)
    with pytest.raises(TeacherError, match=reason):
        teacher.label(FRAMES, [0, 1])


def test_no_class_in_common():
    with pytest.raises(
        ValueError, match="knows cat, dog, the student road, car, sky"
    ):
        FunctionTeacher(print, NAMES, names=("cat", "dog"))


def test_model_labels_each_frame_by_itself():
    model = tiny_student()
    frames = np.random.default_rng(0).integers(0, 256, (2, 16, 32, 3), np.uint8)
    given = ModelTeacher(model, model.label_map.names).label(frames, [0, 1])
    np.testing.assert_array_equal(given, VideoStream(model)(frames))


def test_teachers_of_the_command_line(tmp_path):
    model = tiny_student()
    model.save(tmp_path / "model.keras")
    names = model.label_map.names
    teacher, message = make_teacher(str(tmp_path / "model.keras"), names)
    assert isinstance(teacher, ModelTeacher) and "model.keras" in message
    folder_of(tmp_path / "labels", {"0": [[0]]})
    teacher, _ = make_teacher(str(tmp_path / "labels"), names)
    assert isinstance(teacher, FolderTeacher)
    with pytest.raises(ValueError, match="nobody is no teacher; give PRESET"):
        make_teacher("nobody", names)
    with pytest.raises(FileNotFoundError, match="no weights file none"):
        make_teacher("accel_tiny:none", names)
