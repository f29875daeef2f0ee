"""The contract that every teacher keeps."""

import abc

import numpy as np

from accel_tf import optional
from accel_tf.data.label_maps import IGNORE


class TeacherError(ValueError):
    """A teacher cannot label the frames that it got; one line says why."""


class Teacher(abc.ABC):
    """Labels frames for a student.

        labels = teacher.label(frames, numbers)

    A subclass implements `label_frame`. A teacher is asked by one thread at a
    time.

    Args:
        names: of the classes whose labels it gives, in their order; `None`
            if it gives those of the student.
        class_names: of the student, in the order of its labels.

    Raises:
        ValueError: if no class of the teacher is one of the student.
    """

    def __init__(self, names, class_names):
        self._class_names = tuple(class_names)
        self._table = _table(names, self._class_names)

    @abc.abstractmethod
    def label_frame(self, frame, number):
        """Labels of one frame in the teacher's own classes.

        Args:
            frame: uint8 RGB `[H, W, 3]`, as the server decoded it.
            number: of the frame in the edge's video, from 0.

        Returns:
            Labels of integers `[h, w]`, 255 where it abstains; or `None` if
            it abstains altogether.
        """

    def label(self, frames, numbers):
        """Labels of frames in the classes of the student.

        Args:
            frames: uint8 RGB `[N, H, W, 3]`.
            numbers: of the frames in the edge's video, from 0; `N` of them.

        Returns:
            uint8 `[N, H, W]`; 255 where the teacher abstains, or means a
            class that the student does not have.

        Raises:
            TeacherError: if it cannot label any of them, or gives labels
                that are no classes.
        """
        size = frames.shape[1:3]
        labels = np.full(frames.shape[:3], IGNORE, np.uint8)
        for index, (frame, number) in enumerate(
            zip(frames, numbers, strict=True)
        ):
            given = self.label_frame(frame, number)
            if given is not None:
                labels[index] = _nearest(self._checked(given), size)
        return labels

    def _checked(self, labels):
        labels = np.asarray(labels)
        if labels.ndim != 2 or labels.dtype.kind not in "iu" or not labels.size:
            raise TeacherError(
                "the teacher must give labels [height, width] of integers, "
                f"not {labels.dtype} {list(labels.shape)}."
            )
        known = (labels >= 0) & (labels < len(self._table))
        if not np.all(known | (labels == IGNORE)):
            wrong = int(labels[~known & (labels != IGNORE)][0])
            raise TeacherError(
                f"the teacher gives the label {wrong}; it has "
                f"{len(self._table)} classes, 0 to {len(self._table) - 1}, and "
                f"{IGNORE} where it abstains."
            )
        table = np.full(256, IGNORE, np.uint8)
        table[: len(self._table)] = self._table
        return table[labels]


def _table(names, class_names):
    """The student's label of each label of the teacher."""
    count = len(class_names)
    numbered = tuple(f"class_{index}" for index in range(count))
    names = class_names if names is None else tuple(names)
    if numbered in (names, class_names) and len(names) == count:
        return np.arange(count, dtype=np.uint8)
    table = [
        class_names.index(name) if name in class_names else IGNORE
        for name in names
    ]
    if set(table) == {IGNORE}:
        raise ValueError(
            f"the teacher knows {_some(names)}, the student "
            f"{_some(class_names)}: they have no class in common."
        )
    return np.array(table, np.uint8)


def _some(names):
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown}, ... ({len(names)} classes)"


def _nearest(labels, size):
    if labels.shape == tuple(size):
        return labels
    return optional.cv2().resize(
        labels,
        tuple(size)[::-1],
        interpolation=optional.cv2().INTER_NEAREST_EXACT,
    )
