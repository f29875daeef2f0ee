"""CamVid as its authors publish it: 960x720 pixels, 32 classes as colours."""

import dataclasses

from accel_tf.data.camvid_classes import CAMVID_32
from accel_tf.datasets import image_files
from accel_tf.datasets.camvid_sequences import classes_32
from accel_tf.datasets.camvid_sequences.stills import (
    Still,
    drive_and_number,
    listed_stems,
)
from accel_tf.datasets.color_labels import ColorTable
from accel_tf.datasets.fault_option import raise_or_note

FRAMES, LABELS = "701_StillsRaw_full", "LabeledApproved_full"
VIDEO_FRAMES = "frames_30hz"
LAYOUT = f"{FRAMES}/ {LABELS}/ train.txt val.txt and, if at hand, test.txt"
MARK = LABELS


def read_splits(manual_dir, faults=None):
    """The stills of each split.

    Args:
        manual_dir: `epath.Path` of the folder with `701_StillsRaw_full`,
            `LabeledApproved_full`, `train.txt`, `val.txt` and, if there is a
            test split, `test.txt`.
        faults: list that gets a text for each still that is skipped.

    Returns:
        A dict from "train", "validation" and perhaps "test" to a list of
        `Still`.

    Raises:
        FileNotFoundError: A folder, a list, a frame or a label image is
            missing.
        ValueError: A list is empty, a name is listed twice or has another
            form.
    """
    for folder in (manual_dir / FRAMES, manual_dir / LABELS):
        if not folder.is_dir():
            raise FileNotFoundError(
                f"there is no folder {folder}; the layout is {LAYOUT}"
            )
    frames = image_files.image_files(manual_dir / FRAMES)
    splits, listed = {}, {}
    for split, name in (
        ("train", "train.txt"),
        ("validation", "val.txt"),
        ("test", "test.txt"),
    ):
        path = manual_dir / name
        if split != "test" or path.exists():
            stills = [
                _still(manual_dir, frames, stem, path, faults)
                for stem in _listed(path, listed)
            ]
            splits[split] = [still for still in stills if still]
    return splits


def _listed(path, listed):
    """The names in a list; `listed` has those of other lists, and grows."""
    if not path.exists():
        raise FileNotFoundError(
            f"there is no {path}; CamVid does not say which stills are for "
            f"training, so train.txt, val.txt and test.txt must list their "
            f"names, one on each line"
        )
    return listed_stems(path, listed)


def _still(manual_dir, frames, stem, list_path, faults):
    """A `Still`, or None if its files are missing and faults are skipped."""
    if stem not in frames:
        error = FileNotFoundError(
            f"{stem}, listed in {list_path}, is not in {manual_dir / FRAMES}"
        )
        return raise_or_note(error, faults)
    label = manual_dir / LABELS / f"{stem}_L.png"
    if not label.exists():
        error = FileNotFoundError(f"{frames[stem]} has no label image {label}")
        return raise_or_note(error, faults)
    return Still(*drive_and_number(frames[stem]), frames[stem], label)


def with_frames_before(manual_dir, clips, window):
    """Clips of the video that end with the labelled stills.

    Args:
        manual_dir: `epath.Path` of the folder that has `frames_30hz`, with
            the frames of the videos as <drive>_<number>.png or .jpg.
        clips: `ClipFiles`s of one labelled still each.
        window: how many frames the new clips have, the labelled one included.
            All are taken from `frames_30hz`, so that they look alike.

    Returns:
        A list of `ClipFiles`; only the last frame of each is labelled.

    Raises:
        FileNotFoundError: The folder or a frame is missing.
    """
    folder = manual_dir / VIDEO_FRAMES
    if not folder.is_dir():
        raise FileNotFoundError(
            f"there is no folder {folder}; a window of {window} frames needs "
            f"the 30 Hz frames of the videos there, as <drive>_<number>.png"
        )
    paths = {
        drive_and_number(path): path
        for path in image_files.image_files(folder).values()
    }
    result = []
    for clip in clips:
        drive, last = drive_and_number(clip.frames[-1])
        numbers = tuple(range(last - window + 1, last + 1))
        missing = [n for n in numbers if (drive, n) not in paths]
        if missing:
            raise FileNotFoundError(
                f"{clip.sequence_id} needs the frames {numbers[0]} to {last} "
                f"of {drive} in {folder}; {len(missing)} are missing, the "
                f"first is {drive}_{missing[0]:05d}"
            )
        result.append(
            dataclasses.replace(
                clip,
                frames=tuple(paths[drive, number] for number in numbers),
                numbers=numbers,
                labels={window - 1: clip.labels[0]},
            )
        )
    return result


def class_reader(manual_dir, classes):
    """Class indices of label images; see `classes_32.color_reader`.

    Args:
        manual_dir: as for `read_splits`.
        classes: 32, or 11 to group them.
    """
    source = "CamVid's label_colors.txt"
    targets = classes_32.targets_of(source, CAMVID_32.names, classes)
    table = dict(zip(CAMVID_32.colors, targets, strict=True))
    return classes_32.color_reader(ColorTable(table, source))
