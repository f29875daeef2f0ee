"""CamVid as the SegNet tutorial lays it out: 480x360 pixels, 11 classes."""

from accel_tf.data.label_maps import CAMVID_11, IGNORE
from accel_tf.datasets import image_files
from accel_tf.datasets.camvid_sequences.stills import Still, drive_and_number
from accel_tf.datasets.color_labels import ValueTable

LAYOUT = "train/ trainannot/ val/ valannot/ and, if at hand, test/ testannot/"
_VOID = len(CAMVID_11)
_VALUES = ValueTable(
    {**{index: index for index in range(_VOID)}, _VOID: IGNORE, IGNORE: IGNORE},
    "the SegNet tutorial",
)


def read_splits(manual_dir):
    """The stills of each split.

    Args:
        manual_dir: `epath.Path` of the folder with `LAYOUT`, or of the one
            around it, if it is called `CamVid`.

    Returns:
        A dict from "train", "validation" and perhaps "test" to a list of
        `Still`.

    Raises:
        FileNotFoundError: A folder, a frame or a label image is missing.
        ValueError: A file is misnamed.
    """
    root = manual_dir
    if not (root / "train").is_dir() and (root / "CamVid").is_dir():
        root = root / "CamVid"
    splits = {
        "train": _stills(root / "train", root / "trainannot"),
        "validation": _stills(root / "val", root / "valannot"),
    }
    test = root / "test", root / "testannot"
    if any(folder.is_dir() for folder in test):
        splits["test"] = _stills(*test)
    return splits


def read_classes(path):
    """Class indices of a label image; the file has 11 for ignored pixels.

    Args:
        path: `epath.Path` of an 8-bit PNG file.

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
    return _VALUES.indices(path, label)


def _stills(frame_folder, label_folder):
    for folder in (frame_folder, label_folder):
        if not folder.is_dir():
            raise FileNotFoundError(
                f"there is no folder {folder}; the layout is {LAYOUT}"
            )
    frames = image_files.image_files(frame_folder)
    labels = image_files.image_files(label_folder)
    if not frames:
        raise FileNotFoundError(f"no PNG or JPEG images in {frame_folder}")
    for stem, path in frames.items():
        if stem not in labels:
            raise FileNotFoundError(
                f"{path} has no label image {label_folder / stem}.png"
            )
    for stem, path in labels.items():
        if stem not in frames:
            raise FileNotFoundError(
                f"{path} has no frame {stem} in {frame_folder}"
            )
    return [
        Still(*drive_and_number(path), path, labels[stem])
        for stem, path in frames.items()
    ]
