"""The list of classes that a user writes for a folder of clips."""

import dataclasses

from accel_tf.data.label_maps import IGNORE, LabelMap
from accel_tf.datasets import image_files
from accel_tf.datasets.color_labels import ColorTable, check_indices

FILE_NAME = "classes.txt"
IGNORED_NAME = "ignore"


@dataclasses.dataclass(frozen=True)
class ClassList:
    """Classes and how label images show them.

    Attributes:
        label_map: `LabelMap` of the classes, in the order of the list.
        read_classes: function from the path of a label image to its class
            indices, uint8 [height, width], 255: ignore. It raises ValueError
            for files that do not decode or hold something else.
    """

    label_map: LabelMap
    read_classes: object


def read_class_list(path):
    """Reads the list of classes.

    A line is a name, which may hold spaces, and the three values of its
    colour: `traffic light 250 170 30`. Empty lines and lines that start with
    # do not count. The name `ignore` stands for pixels of no class; it can
    be there more than once or not at all.

    Args:
        path: `epath.Path` of the list.

    Returns:
        A `ClassList`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A line is not as it should be, two classes have one name
            or one colour, or there are no classes.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"there is no {path}; it lists the classes, one on each line as: "
            f"name red green blue"
        )
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file in UTF-8") from error
    names, targets = {}, {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, color = _parsed(path, number, line)
        if color in targets:
            raise ValueError(
                f"{path}, line {number}: the colour {color} occurs twice"
            )
        if name in names:
            raise ValueError(
                f"{path}, line {number}: the name {name!r} occurs twice"
            )
        if name == IGNORED_NAME:
            targets[color] = IGNORE
        else:
            targets[color] = len(names)
            names[name] = color
    try:
        label_map = LabelMap(tuple(names), tuple(names.values()))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return ClassList(label_map, _reader(path, targets, len(names)))


def _parsed(path, number, line):
    parts = line.rsplit(maxsplit=3)
    if len(parts) == 4 and all(value.isdecimal() for value in parts[1:]):
        color = tuple(map(int, parts[1:]))
        if max(color) <= 255:
            return parts[0].strip(), color
    raise ValueError(
        f"{path}, line {number} must be a name and three values from 0 to "
        f"255, such as: road 128 64 128; it is: {line.strip()}"
    )


def _reader(list_path, targets, num_classes):
    table = ColorTable(targets, list_path)

    def read_classes(path):
        image = image_files.read_label(path)
        if image.ndim == 3:
            return table.indices(path, image)
        check_indices(path, image, num_classes)
        return image

    return read_classes
