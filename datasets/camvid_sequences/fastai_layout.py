"""CamVid as fast.ai packs it: 960x720 pixels, indices of 32 classes.

https://s3.amazonaws.com/fast-ai-imagelocal/camvid.tgz
"""

from accel_tf.datasets import image_files
from accel_tf.datasets.camvid_sequences import classes_32
from accel_tf.datasets.camvid_sequences.stills import (
    inner_folder,
    listed_stems,
    paired_stills,
)
from accel_tf.datasets.color_labels import ValueTable
from accel_tf.datasets.text_lists import read_lines

LAYOUT = "images/ labels/ codes.txt valid.txt"
MARK = "codes.txt"
_VALIDATION = "valid.txt"


def read_splits(manual_dir, faults=None):
    """The stills of each split.

    Args:
        manual_dir: `epath.Path` of the folder with `LAYOUT`, or of the one
            around it, if it is called `camvid`.
        faults: list that gets a text for each still that is skipped.

    Returns:
        A dict from "train" and "validation" to a list of `Still`: those in
        `valid.txt` are for validation.

    Raises:
        FileNotFoundError: A folder, a list, a frame or a label image is
            missing.
        ValueError: A file is misnamed, or the list empty.
    """
    root = inner_folder(manual_dir, MARK)
    stills = paired_stills(
        root / "images", root / "labels", "_P", LAYOUT, faults
    )
    path = root / _VALIDATION
    if not path.exists():
        raise FileNotFoundError(
            f"there is no {path}, which lists the stills for validation; the "
            f"layout is {LAYOUT}"
        )
    chosen = set(listed_stems(path, {}))
    return {
        "train": [s for s in stills if s.frame.stem not in chosen],
        "validation": [s for s in stills if s.frame.stem in chosen],
    }


def class_reader(manual_dir, classes):
    """Class indices of label images, which hold places in `codes.txt`.

    Args:
        manual_dir: as for `read_splits`.
        classes: 32, or 11 to group them.

    Returns:
        Function as `ClassList.read_classes`.

    Raises:
        FileNotFoundError: There is no such list.
        ValueError: It lists a class that is none of CamVid's.
    """
    path = inner_folder(manual_dir, MARK) / MARK
    if not path.exists():
        raise FileNotFoundError(
            f"there is no {path}, which lists the classes; the layout is "
            f"{LAYOUT}"
        )
    names = [line for _, line in read_lines(path)]
    targets = classes_32.targets_of(path, names, classes)
    table = ValueTable(dict(enumerate(targets)), path)

    def read_classes(label, faults=None):
        image = image_files.read_label(label)
        if image.ndim != 2:
            raise ValueError(
                f"{label} holds RGB colours; this layout has label images of "
                f"class indices"
            )
        return table.indices(label, image, faults)

    return read_classes
