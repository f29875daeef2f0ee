"""Lists of classes as other tools write them."""

import csv
import dataclasses
import re

import numpy as np

from accel_tf.data.camvid_classes import CAMVID_32
from accel_tf.data.label_maps import (
    CAMVID_11,
    CITYSCAPES,
    default_label_map,
)
from accel_tf.datasets import image_files
from accel_tf.datasets.text_lists import read_lines
from accel_tf.datasets.video_folder.class_list import FILE_NAME, IGNORED_NAME
from accel_tf.files import read_json
from accel_tf.messages import tell

NAMES = (
    FILE_NAME,
    *("classes.csv", "classes.json", "class_dict.csv", "labelmap.txt"),
    *("labels.txt", "labels.csv", "labels.json", "label_colors.txt"),
    *("label_map.json", "class_names.txt", "dataset.json", "meta.json"),
)
"""What the file is called that is found beside frames and labels."""

_COLOR = r"(?P<r>\d{1,3})[\s,;]+(?P<g>\d{1,3})[\s,;]+(?P<b>\d{1,3})"
_VALUES = r"(?P<values>\d+(?:[\s,;]+\d+)*)"
# Tried one after the other: whatever fits all lines is the form of the file.
_FORMS = [
    re.compile(pattern)
    for pattern in (
        # road 128 64 128 = 7; also `ignore = 11 12`
        rf"(?P<name>.+?)[\s,;]+{_COLOR}(?:\s*=\s*{_VALUES})?"
        rf"|(?P<ignored>{IGNORED_NAME})\s*=\s*(?P<rest>\d[\d\s,;]*)",
        # road:128,64,128:: of CVAT
        rf"(?P<name>[^:]+):(?:{_COLOR})?:[^:]*:[^:]*",
        # 128 64 128 road
        rf"{_COLOR}[\s,;]+(?P<name>\S.*)",
        # 7 road 128 64 128; 7: road
        rf"(?P<values>\d+)[\s,;:]+(?P<name>[^\d\s,;:].*?)(?:[\s,;]+{_COLOR})?",
        # road,7
        r"(?P<name>.*[^\d\s,;:=])\s*[,;:=\t]\s*(?P<values>\d+)",
        # road; person = 255; and where some lines have a colour
        rf"(?P<name>[^,;=]+?)(?:\s+{_COLOR})?(?:\s*=\s*{_VALUES})?",
    )
]
_NAME_KEYS = ("name", "class", "class_name", "label", "category", "title")
_VALUE_KEYS = ("value", "id", "index", "label_id", "class_id", "pixel_value")
_COLOR_KEYS = ("color", "colour", "rgb", "palette")
_LIST_KEYS = ("classes", "labels", "categories", "names")


@dataclasses.dataclass(frozen=True)
class ListedClass:
    """A class of a list.

    Attributes:
        name: of the class.
        color: (red, green, blue), or `None` where the list has none.
        values: in label images; none where the place in the list is it.
        ignored: whether it stands for pixels of no class.
    """

    name: str
    color: tuple[int, int, int] | None = None
    values: tuple[int, ...] = ()
    ignored: bool = False


def find_list(folder):
    """The list of classes in a folder, or `None`."""
    for name in NAMES:
        if (folder / name).is_file():
            return folder / name
    return None


def read_foreign_list(path):
    """Reads a list of classes of any of several forms.

    - Text, a class on each line: a name; name and colour, as
      `read_class_list` takes them; index and name, or name and index, with a
      comma or colon; colour and name; CVAT's `name:r,g,b::`. Lines that
      start with # do not count.
    - CSV whose first line names the columns: name (or class, label), r, g, b
      (or color), value (or id, index).
    - JSON: a list of names; a dict from name to colour or index, or from
      index to name; a list of dicts with the keys of the CSV; or a dict that
      has one of these under "classes", "labels", "categories" or "names".

    Args:
        path: `pathlib.Path` of the file.

    Returns:
        A list of `ListedClass`, in the file's order.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It has none of these forms, or no class.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no list of classes {path}")
    if path.suffix.lower() == ".json":
        classes = _from_json(path)
    else:
        classes = _from_text(path)
    if not classes:
        raise ValueError(f"{path} lists no class")
    return classes


def write_list(classes, ignore=()):
    """A list of classes in the form of `read_class_list`.

    Args:
        classes: list of `ListedClass`.
        ignore: label values and names of classes that stand for pixels of no
            class, as text.

    Returns:
        The text of the file. Every class has its value behind its colour; the
        indices are those of the places of the classes that are left.

    Raises:
        ValueError: One of `ignore` is neither a value nor the name of a
            class, or fewer than two classes are left.
    """
    by_place = not any(each.values for each in classes if not each.ignored)
    ignore, lines, kept = list(ignore), [], []
    names = [each.name for each in classes]
    for text in ignore:
        if text not in names and not (text.isdecimal() and int(text) < 256):
            raise ValueError(
                f"--ignore takes label values from 0 to 255 and names of "
                f"classes, not {text!r}; the classes are {', '.join(names)}"
            )
    left_out = {int(text) for text in ignore if text.isdecimal()}
    place = 0
    for each in classes:
        if by_place and not each.ignored:
            each = dataclasses.replace(each, values=(place,))
            place += 1
        if each.name in ignore or each.ignored:
            left_out |= set(each.values)
            if each.color:
                color = " ".join(map(str, each.color))
                lines.append(f"{IGNORED_NAME} {color}")
            continue
        values = tuple(x for x in each.values if x not in left_out)
        if values or not each.values:
            kept.append(dataclasses.replace(each, values=values))
    if len(kept) < 2:
        raise ValueError(
            f"two classes or more are needed, one of them the background; "
            f"there is {', '.join(each.name for each in kept) or 'none'}"
        )
    # 255 is ignored without being asked.
    left_out.discard(255)
    lines += [f"{IGNORED_NAME} = {value}" for value in sorted(left_out)]
    for each, color in zip(kept, _colors(kept), strict=True):
        values = " = " + " ".join(map(str, each.values)) if each.values else ""
        lines.append(f"{each.name} {' '.join(map(str, color))}{values}")
    return "\n".join(lines) + "\n"


def binary_values(labels, classes, sample=50):
    """Whether label images hold 0 and 255 for two classes.

    Args:
        labels: paths of label images.
        classes: list of `ListedClass`.
        sample: number of images that are looked at.

    Returns:
        `classes`, the second with the value 255 if that is so.
    """
    if len(classes) != 2 or any(each.values for each in classes):
        return classes
    values = set()
    for path in labels[:sample]:
        image = image_files.read_label(path)
        if image.ndim == 3:
            return classes
        values |= set(np.unique(image).tolist())
    if 255 not in values or not values <= {0, 255}:
        return classes
    first, second = classes
    tell(f"note: masks of 0 and 255; 255 is {second.name}.")
    return [
        dataclasses.replace(first, values=(0,)),
        dataclasses.replace(second, values=(255,)),
    ]


def _colors(classes):
    """Colours of the list; else well-known ones; else any that differ."""
    names = [each.name for each in classes]
    known = {}
    for label_map in (CAMVID_32, CAMVID_11, CITYSCAPES):
        if set(names) <= set(label_map.names):
            known = dict(zip(label_map.names, label_map.colors, strict=True))
    given = [each.color or known.get(each.name) for each in classes]
    others = (
        color for color in default_label_map(255).colors if color not in given
    )
    return [color or next(others) for color in given]


def _from_text(path):
    lines = [
        (number, text)
        for number, text in read_lines(path)
        if not text.startswith("#")
    ]
    if not lines:
        return []
    header = [cell.strip().lower() for cell in re.split("[,;\t]", lines[0][1])]
    if len(header) > 1 and set(header) & set(_NAME_KEYS):
        return _from_csv(path, [text for _, text in lines])
    texts = [re.sub(r"(\d)\s+#.*", r"\1", text) for _, text in lines]
    for form in _FORMS:
        matches = [form.fullmatch(text) for text in texts]
        if all(matches):
            return [_listed(match.groupdict()) for match in matches]
    # The last form is the most general: it says which line is none at all.
    number, text = next(
        line for line in lines if not _FORMS[-1].fullmatch(line[1])
    )
    raise ValueError(
        f"{path}, line {number} is no class: {text}; write a name on each "
        f"line, or a name and its colour: road 128 64 128"
    )


def _listed(parts):
    if parts.get("ignored"):
        parts = {"name": IGNORED_NAME, "values": parts["rest"]}
    name = parts["name"].strip()
    color = None
    if parts.get("r"):
        color = tuple(int(parts[key]) for key in "rgb")
    values = tuple(map(int, re.findall(r"\d+", parts.get("values") or "")))
    return ListedClass(name, color, values, name == IGNORED_NAME)


def _from_csv(path, texts):
    delimiter = next(each for each in "\t;," if each in texts[0])
    rows = csv.DictReader(texts, delimiter=delimiter, skipinitialspace=True)
    return [
        _from_dict(path, {(key or "").lower().strip(): row[key] for key in row})
        for row in rows
    ]


def _from_json(path):
    content = read_json(path)
    for key in _LIST_KEYS:
        if isinstance(content, dict) and isinstance(
            content.get(key), list | dict
        ):
            content = content[key]
    if isinstance(content, dict):
        content = [_of_pair(*pair) for pair in content.items()]
    if not isinstance(content, list):
        content = [content]
    return [
        ListedClass(each, ignored=each == IGNORED_NAME)
        if isinstance(each, str)
        else _from_dict(path, each)
        for each in content
    ]


def _of_pair(key, value):
    """An entry of a dict, whichever of both is the name."""
    if isinstance(value, str) and not value.startswith("#"):
        return {"name": value, "value": key}
    if isinstance(value, int):
        return {"name": key, "value": value}
    if isinstance(value, dict):
        return {"name": key, **value}
    return {"name": key, "color": value}


def _from_dict(path, row):
    def first(keys):
        return next((row[key] for key in keys if row.get(key) is not None), "")

    if not isinstance(row, dict) or not str(first(_NAME_KEYS)).strip():
        raise ValueError(f"{path}: no name of a class in {row!r}")
    name = str(first(_NAME_KEYS)).strip()
    color = first(_COLOR_KEYS)
    if not color:
        color = [
            first(keys)
            for keys in (("r", "red"), ("g", "green"), ("b", "blue"))
        ]
    value = str(first(_VALUE_KEYS)).strip()
    if value and not value.isdecimal():
        raise ValueError(f"{path}: the value of {name!r} is no number: {value}")
    color = _color(path, name, color)
    values = (int(value),) if value else ()
    return ListedClass(name, color, values, name == IGNORED_NAME)


def _color(path, name, color):
    if isinstance(color, str) and re.fullmatch("#[0-9a-fA-F]{6}", color):
        return tuple(bytes.fromhex(color[1:]))
    numbers = re.findall(r"\d+", str(color))
    if not numbers:
        return None
    if len(numbers) != 3 or max(map(int, numbers)) > 255:
        raise ValueError(
            f"{path}: the colour of {name!r} must be three values from 0 to "
            f"255, not {color!r}"
        )
    return tuple(map(int, numbers))
