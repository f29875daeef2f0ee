"""Lists of videos with the number of their class, as PySlowFast reads them."""

from accel_tf.datasets.clip_sources import ClipSource
from accel_tf.datasets.text_lists import read_lines

LISTS = {"train": "train.csv", "validation": "val.csv", "test": "test.csv"}
"""Split -> name of its list."""
NAMES = "classes.txt"


def find_clips(manual_dir, prefix="", num_classes=400):
    """The classes and the videos of the lists of a folder.

    Args:
        manual_dir: `epath.Path` of the folder of the lists.
        prefix: folder that paths start from, itself from `manual_dir`.
        num_classes: classes of the lists.

    Returns:
        `(class_names, splits)`: names, which are numbers where there is no
        list of names, and a dict from the name of each split that has a list
        to a list of `ClipSource`.

    Raises:
        FileNotFoundError: There is no `train.csv`, or no such prefix.
        ValueError: A list has other lines, or a video twice.
    """
    folder = manual_dir / prefix
    if not folder.is_dir():
        raise FileNotFoundError(
            f"no such folder: {folder}; prefix is where the paths of the lists "
            "start from"
        )
    if not (manual_dir / LISTS["train"]).exists():
        raise FileNotFoundError(
            f"there is no {manual_dir / LISTS['train']}; its lines are: path "
            "of a video, space, number of its class"
        )
    names = _class_names(manual_dir / NAMES, num_classes)
    return names, {
        split: _read_list(manual_dir / name, folder, num_classes)
        for split, name in LISTS.items()
        if (manual_dir / name).exists()
    }


def _class_names(path, num_classes):
    if not path.exists():
        return [str(number) for number in range(num_classes)]
    names = [text for _, text in read_lines(path)]
    if len(names) != num_classes:
        raise ValueError(
            f"{path} has {len(names)} names, but there are {num_classes} "
            "classes; num_classes says how many"
        )
    return names


def _read_list(path, folder, num_classes):
    sources, lines = [], {}
    for number, text in read_lines(path):
        # Names of classes have spaces, and videos lie in folders of these.
        video, _, label = text.rpartition(" ")
        if not (video and label.isascii() and label.isdigit()):
            raise ValueError(
                f"{path}, line {number} must be: path of a video, space, "
                f"number of its class; it is: {text[:80]}"
            )
        if int(label) >= num_classes:
            raise ValueError(
                f"{path}, line {number} has the class {label}; with "
                f"{num_classes} classes they are 0 to {num_classes - 1}"
            )
        video = video.strip()
        if video in lines:
            raise ValueError(
                f"{path} has {video} twice, in lines {lines[video]} and "
                f"{number}"
            )
        lines[video] = number
        sources.append(ClipSource(video, int(label), folder / video))
    if not sources:
        raise ValueError(f"{path} is empty; it has a line for each video")
    return sources
