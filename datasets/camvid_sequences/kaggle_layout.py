"""CamVid as Kaggle has it: 960x720 pixels, 32 classes as colours.

https://www.kaggle.com/datasets/carlolepelaars/camvid
"""

from accel_tf.datasets.camvid_sequences import classes_32
from accel_tf.datasets.camvid_sequences.stills import (
    inner_folder,
    paired_stills,
)
from accel_tf.datasets.color_labels import ColorTable
from accel_tf.datasets.video_folder.class_list import read_colors

LAYOUT = (
    "train/ train_labels/ val/ val_labels/ class_dict.csv and, if at hand, "
    "test/ test_labels/"
)
MARK = "train_labels"
_LIST = "class_dict.csv"


def read_splits(manual_dir, faults=None):
    """The stills of each split.

    Args:
        manual_dir: `epath.Path` of the folder with `LAYOUT`, or of the one
            around it, if it is called `CamVid`.
        faults: list that gets a text for each still that is skipped.

    Returns:
        A dict from "train", "validation" and perhaps "test" to a list of
        `Still`.

    Raises:
        FileNotFoundError: A folder, a frame or a label image is missing.
        ValueError: A file is misnamed.
    """
    root = inner_folder(manual_dir, MARK)
    splits = {}
    for split, name in (
        ("train", "train"),
        ("validation", "val"),
        ("test", "test"),
    ):
        folders = root / name, root / f"{name}_labels"
        if split != "test" or any(folder.is_dir() for folder in folders):
            splits[split] = paired_stills(*folders, "_L", LAYOUT, faults)
    return splits


def class_reader(manual_dir, classes):
    """Class indices of label images; see `classes_32.color_reader`.

    The colours are those of `class_dict.csv`.

    Raises:
        FileNotFoundError: There is no such list.
        ValueError: It lists a class that is none of CamVid's.
    """
    path = inner_folder(manual_dir, MARK) / _LIST
    colors = read_colors(path)
    targets = classes_32.targets_of(path, colors, classes)
    table = ColorTable(dict(zip(colors.values(), targets, strict=True)), path)
    return classes_32.color_reader(table)
