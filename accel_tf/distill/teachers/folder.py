"""A folder of label images as a teacher."""

import pathlib
import re

from accel_tf.distill.teachers.teacher import Teacher, TeacherError
from accel_tf.evaluation.stored_labels import folder_classes, read_label_image


class FolderTeacher(Teacher):
    """Gives labels that were made before, by the number of the frame.

    A frame without an image is one that the teacher abstains from. The
    numbers are those of the video that the edge reads, so that the folder is
    for one video.

    Args:
        folder: of PNG images of 8 bits, whose names end in the number of
            their frame from 0, such as `000250.png` or `gt_000250.png`.
            `classes.json` beside them, as `accel-tf segment --labels` writes
            it, says what their values mean; without it they are the labels
            of the student, 255 for none.
        class_names: of the student, in the order of its labels.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it holds no such images, or two of a number.
    """

    def __init__(self, folder, class_names):
        self._folder = pathlib.Path(folder)
        self._paths = _paths(self._folder)
        self._values = names = None
        if (self._folder / "classes.json").is_file():
            label_map, self._values, _ = folder_classes(self._folder)
            names = label_map.names
        super().__init__(names, class_names)

    def label_frame(self, frame, number):
        path = self._paths.get(number)
        if path is None:
            return None
        try:
            labels = read_label_image(path)
        except (ValueError, OSError) as error:
            raise TeacherError(" ".join(str(error).split())) from error
        return labels if self._values is None else self._values[labels]

    def label(self, frames, numbers):
        if not any(number in self._paths for number in numbers):
            raise TeacherError(
                f"{self._folder} has no labels of the frames {min(numbers)} "
                f"to {max(numbers)}; it has {len(self._paths)}, from "
                f"{min(self._paths)} to {max(self._paths)}."
            )
        return super().label(frames, numbers)


def _paths(folder):
    """Number of a frame -> its image."""
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder of label images: {folder}.")
    paths = {}
    for path in sorted(folder.glob("*.png")):
        match = re.search(r"\d+$", path.stem, re.ASCII)
        if match is None:
            continue
        number = int(match[0])
        if number in paths:
            raise ValueError(
                f"{paths[number]} and {path} are of the same frame."
            )
        paths[number] = path
    if not paths:
        raise ValueError(
            f"{folder} holds no label images; their names end in the number of "
            "their frame, such as 000250.png."
        )
    return paths
