"""CamVid as the SegNet tutorial lays it out: 480x360 pixels, 11 classes."""

from accel_tf.data.label_maps import CAMVID_11, IGNORE
from accel_tf.datasets import image_files
from accel_tf.datasets.camvid_sequences.stills import (
    inner_folder,
    paired_stills,
)
from accel_tf.datasets.color_labels import ValueTable

LAYOUT = "train/ trainannot/ val/ valannot/ and, if at hand, test/ testannot/"
MARK = "trainannot"
_VOID = len(CAMVID_11)
_VALUES = ValueTable(
    {**{index: index for index in range(_VOID)}, _VOID: IGNORE, IGNORE: IGNORE},
    "the SegNet tutorial",
)


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
    root = inner_folder(manual_dir, "train")
    splits = {}
    for split, name in (
        ("train", "train"),
        ("validation", "val"),
        ("test", "test"),
    ):
        folders = root / name, root / f"{name}annot"
        if split != "test" or any(folder.is_dir() for folder in folders):
            splits[split] = paired_stills(*folders, "", LAYOUT, faults)
    return splits


def class_reader(manual_dir, classes):
    """Class indices of label images: `read_classes` of this layout."""
    return read_classes


def read_classes(path, faults=None):
    """Class indices of a label image; the file has 11 for ignored pixels.

    Args:
        path: `epath.Path` of an 8-bit PNG file.
        faults: as for `ValueTable.indices`.

    Returns:
        uint8 [height, width], classes of `CAMVID_11`; 255: ignore.

    Raises:
        ValueError: The file does not decode or holds something else.
    """
    label = image_files.read_label(path)
    if label.ndim == 3:
        raise ValueError(
            f"{path} holds RGB colours; this layout has label images of 8-bit "
            f"class indices"
        )
    return _VALUES.indices(path, label, faults)
