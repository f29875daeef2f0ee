"""Videos of a folder that has a folder for each class."""

import zlib

import numpy as np

from accel_tf.datasets.clip_sources import VIDEO_ENDINGS, ClipSource
from accel_tf.datasets.fault_option import raise_or_note
from accel_tf.files import natural_order

LAYOUT = (
    "CLASS/VIDEO.mp4, or CLASS/CLIP/NUMBER.jpg for folders of frames; in "
    "train/ and validation/, or without these two"
)
SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid"),
    "test": ("test", "testing"),
}
"""Split -> what its folder may be called."""


def find_clips(root, validation=0.2, seed=0, faults=None):
    """The classes and the videos of a folder.

    Args:
        root: `epath.Path`.
        validation: share of the videos of each class, where there is no
            folder for them; of two videos or more of a class at least one is
            for training and, if the share is not 0, one for validation.
        seed: of that choice.
        faults: as of `raise_or_note`, gets files that are no videos.

    Returns:
        `(class_names, splits)`: names in natural order, and a dict from
        "train", "validation" and, if there is such a folder, "test" to a list
        of `ClipSource`.

    Raises:
        ValueError: There is a class without a video, or one that is not
            trained on, or a file is no video.
        FileNotFoundError: There are no folders of classes.
    """
    folders = _split_folders(root)
    if "train" not in folders:
        if folders:
            name = next(iter(folders.values())).name
            raise FileNotFoundError(
                f"{root} has a folder {name} but no folder train; the layout "
                f"is {LAYOUT}"
            )
        classes = _classes(root, faults)
        names, splits = list(classes), {"train": _sources(classes, root)}
    else:
        read = {
            split: (_classes(folder, faults), folder)
            for split, folder in folders.items()
        }
        names = list(read["train"][0])
        _check_classes(names, folders, read)
        splits = {
            split: _sources(classes, folder, names)
            for split, (classes, folder) in read.items()
        }
    if "validation" not in splits and validation:
        train, held_out = _divide(splits["train"], names, validation, seed)
        splits["train"] = train
        if held_out:
            splits["validation"] = held_out
    return names, splits


def _split_folders(root):
    folders = {}
    for path in _visible(root):
        for split, names in SPLITS.items():
            if path.is_dir() and path.name.lower() in names:
                if split in folders:
                    raise ValueError(
                        f"{folders[split]} and {path.name} are both for "
                        f"{split}; keep one of them"
                    )
                folders[split] = path
    return folders


def _classes(folder, faults):
    """Paths of the videos of each class, by its name."""
    classes = {}
    for path in _visible(folder):
        if not path.is_dir():
            continue
        classes[path.name] = _videos(path, faults)
        if not classes[path.name]:
            raise ValueError(
                f"the class {path} has no video; the layout is {LAYOUT}"
            )
    if not classes:
        raise FileNotFoundError(
            f"{folder} has no folders of classes; the layout is {LAYOUT}"
        )
    return classes


def _videos(folder, faults):
    videos = []
    for path in _visible(folder):
        if path.is_dir() or path.suffix.lower() in VIDEO_ENDINGS:
            videos.append(path)
            continue
        text = (
            f"{path} is neither a video ({', '.join(VIDEO_ENDINGS)}) nor a "
            "folder of frames; remove it"
        )
        raise_or_note(ValueError(text), faults)
    return videos


def _check_classes(names, folders, read):
    for split, (classes, _) in read.items():
        unknown = [name for name in classes if name not in names]
        if unknown:
            raise ValueError(
                f"{folders[split]} has the class {unknown[0]}, which "
                f"{folders['train']} does not have"
            )


def _sources(classes, root, names=None):
    names = list(classes) if names is None else names
    return [
        ClipSource(path.relative_to(root).as_posix(), names.index(name), path)
        for name, paths in classes.items()
        for path in paths
    ]


def _divide(sources, names, share, seed):
    """What to train on, and what to validate on."""
    train, held_out = [], []
    for label, name in enumerate(names):
        own = [source for source in sources if source.label == label]
        count = round(share * len(own))
        count = min(max(count, 1), len(own) - 1)
        rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
        chosen = set(rng.permutation(len(own))[:count].tolist())
        for place, source in enumerate(own):
            (held_out if place in chosen else train).append(source)
    return train, held_out


def _visible(folder):
    paths = (x for x in folder.iterdir() if not x.name.startswith("."))
    return sorted(paths, key=natural_order)
