"""The list of classes that a user writes for a folder of clips."""

import dataclasses
import re

import numpy as np

from accel_tf.data.label_maps import IGNORE, LabelMap
from accel_tf.datasets import image_files
from accel_tf.datasets.color_labels import ColorTable, ValueTable
from accel_tf.datasets.text_lists import read_lines

FILE_NAME = "classes.txt"
IGNORED_NAME = "ignore"

_NUMBERS = r"[0-9]+(?:[\s,;]+[0-9]+)*"
_LINE = re.compile(
    r"(?P<name>.+?)"
    r"(?:[\s,;]+(?P<color>[0-9]+[\s,;]+[0-9]+[\s,;]+[0-9]+)"
    rf"(?:\s*=\s*(?P<color_values>{_NUMBERS}))?"
    rf"|\s*=\s*(?P<values>{_NUMBERS}))"
    r"(?:\s*#.*)?"
)
_HEADER = re.compile(r"name[\s,;]+r(ed)?[\s,;]+g(reen)?[\s,;]+b(lue)?", re.I)


@dataclasses.dataclass(frozen=True)
class ClassList:
    """Classes and how label images show them.

    Attributes:
        label_map: `LabelMap` of the classes, in the order of the list.
        read_classes: function from the path of a label image, and perhaps a
            list of faults as for `ColorTable.indices`, to its class indices,
            uint8 [height, width], 255: ignore. It raises ValueError for files
            that do not decode or hold something else.
        look_up: function from a label image, uint8 [height, width] or
            [height, width, 3], to its class indices, int16 [height, width]:
            255: ignore, -1: not in the list.
    """

    label_map: LabelMap
    read_classes: object
    look_up: object


@dataclasses.dataclass(frozen=True)
class _Line:
    """`name`, `color`, which is None for a line without, and `values`."""

    name: str
    color: tuple[int, int, int] | None
    values: tuple[int, ...]


def read_class_list(path):
    """Reads the list of classes.

    A line is a name, which may hold spaces, and the three values of its
    colour: `traffic light 250 170 30`. The name `ignore` stands for pixels of
    no class; it can be there more than once or not at all.

    Where label images hold other grey values or palette indices than the
    place of the class in the list, from 0, the values follow the colour:
    `person 220 20 60 = 255`, and without a colour `ignore = 11 12`. 255 is
    ignored unless it is the value of a class.

    The file is in UTF-8 or UTF-16. Empty lines, lines that start with #, what
    follows a # behind the numbers and a first line `name,r,g,b` do not count;
    tabs and commas are as good as spaces.

    Args:
        path: `epath.Path` of the list.

    Returns:
        A `ClassList`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A line is not as it should be, two classes have one name,
            one colour or one value, or there are no classes.
    """
    return parse_class_list(_lines(path), path)


def parse_class_list(lines, path):
    """The list of classes of lines of text.

    Args:
        lines: `(number, text)` of each line, without comments.
        path: what messages call the list.

    Returns:
        A `ClassList`.

    Raises:
        ValueError: As `read_class_list`.
    """
    names, colors, values = {}, {}, {}
    for number, text in lines:
        where = f"{path}, line {number}"
        line = _parsed(where, text)
        index = IGNORE
        if line.name != IGNORED_NAME:
            if line.name in names:
                raise ValueError(
                    f"{where}: the name {line.name!r} occurs twice"
                )
            index = len(names)
            names[line.name] = line.color
        if line.color is not None:
            if line.color in colors:
                raise ValueError(
                    f"{where}: the colour {line.color} occurs twice"
                )
            colors[line.color] = index
        for value in line.values:
            if value in values:
                raise ValueError(f"{where}: the value {value} occurs twice")
            values[value] = index
    try:
        label_map = LabelMap(tuple(names), tuple(names.values()))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    values = _all_values(path, tuple(names), values)
    tables = ValueTable(values, path), ColorTable(colors, path)
    return ClassList(
        label_map,
        lambda path, faults=None: _read_classes(path, tables, faults),
        lambda image: _table_of(image, tables).look_up(image),
    )


def read_colors(path):
    """The colour of each class of a list, in its order.

    Args:
        path: as for `read_class_list`; every line has a colour.

    Returns:
        A dict from a name to (red, green, blue).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A line is not as it should be.
    """
    lines = [_parsed(f"{path}, line {n}", text) for n, text in _lines(path)]
    return {line.name: line.color for line in lines}


def describe_counts(split, counts, label_map):
    """What is odd about the classes that the labels of a split show.

    Args:
        split: its name.
        counts: pixels of every class, int64 [256], 255 those to ignore.
        label_map: `LabelMap` of the classes.

    Returns:
        A line, or None if all classes occur or there are no labels.
    """
    absent = np.flatnonzero(counts[: len(label_map)] == 0)
    missing = [label_map.names[index] for index in absent]
    if not missing or not counts.sum():
        return None
    text = f"no pixel of {split} is labelled {', '.join(missing)}"
    share = counts[IGNORE] / counts.sum()
    if share:
        color = " ".join(map(str, label_map.colors[absent[0]]))
        text += (
            f"; {100 * share:.2g} % are ignored: if their value or colour "
            f"stands for a class, say so in {FILE_NAME}, such as "
            f"{missing[0]} {color} = {IGNORE}"
        )
    return text


class CountingReader:
    """Reads label images and counts the pixels of every class.

    Args:
        read_classes: of a `ClassList`.

    Attributes:
        counts: int64 [256], of all images so far; 255 is what is ignored.
    """

    def __init__(self, read_classes):
        self._read_classes = read_classes
        self.counts = np.zeros(256, np.int64)

    def __call__(self, path, faults=None):
        """As `ClassList.read_classes`."""
        classes = self._read_classes(path, faults)
        self.counts += np.bincount(classes.ravel(), minlength=256)
        return classes


def _lines(path):
    if not path.exists():
        raise FileNotFoundError(
            f"there is no {path}; it lists the classes, one on each line as: "
            f"name red green blue"
        )
    lines = [
        (number, text)
        for number, text in read_lines(path)
        if not text.startswith("#")
    ]
    if lines and _HEADER.fullmatch(lines[0][1]):
        del lines[0]
    return lines


def _parsed(where, text):
    match = _LINE.fullmatch(text)
    if match:
        name = match["name"].strip()
        color = _numbers(match["color"]) or None
        values = _numbers(match["color_values"] or match["values"])
        is_whole = color is not None or name == IGNORED_NAME
        if is_whole and max((*(color or ()), *values)) <= 255:
            return _Line(name, color, values)
    raise ValueError(
        f"{where} must be a name and three values from 0 to 255, such as: "
        f"road 128 64 128 (or road 128 64 128 = 7, if 7 is its value in label "
        f"images); it is: {text}"
    )


def _numbers(text):
    return tuple(map(int, re.findall("[0-9]+", text or "")))


def _all_values(path, names, values):
    """Class index of each value; by default that of its place in the list."""
    given = set(values.values())
    for index, name in enumerate(names):
        if index in given:
            continue
        if index in values:
            raise ValueError(
                f"{path}: {index} is the value of another class than {name!r}, "
                f"whose it would be by its place; write its own behind it: "
                f"= VALUE"
            )
        values[index] = index
    return {IGNORE: IGNORE, **values}


def _read_classes(path, tables, faults):
    image = image_files.read_label(path)
    return _table_of(image, tables).indices(path, image, faults)


def _table_of(image, tables):
    values, colors = tables
    return colors if image.ndim == 3 else values
