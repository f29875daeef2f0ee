"""Finding the snippets of Cityscapes in the extracted folders.

A snippet is 30 frames at 17 Hz; its 20th frame has a label map. Most cities
number the frames of every snippet from 0. In the others (Frankfurt, Lindau,
Münster, Bochum, Hanover, ...) the numbers run on through a whole drive, so a
snippet is found by the frame number in the name of its label map.
"""

import dataclasses
import pathlib
import re

from accel_tf.datasets.cityscapes_sequences.faults import Fault

FRAME_FOLDER, LABEL_FOLDER = "leftImg8bit_sequence", "gtFine"
STILL_FOLDER = "leftImg8bit"
"""Holds the labelled frames alone."""
SNIPPET_LENGTH, LABELED_INDEX = 30, 19
MAX_LENGTH = LABELED_INDEX + 1
"""Most frames that a window up to the labelled frame can have."""

_FRAME_ENDING = "leftImg8bit.png"
# Endings of label maps, best first, and whether they hold train ids.
_LABEL_ENDINGS = {
    "gtFine_labelTrainIds.png": True,
    "gtFine_trainIds.png": True,
    "gtFine_labelIds.png": False,
}
_NAME = re.compile(
    r"(?P<city>.+)_(?P<drive>[0-9]+)_(?P<number>[0-9]{1,18})_(?P<end>.+)"
)


@dataclasses.dataclass(frozen=True)
class Snippet:
    """The window of frames that ends at one labelled frame.

    Attributes:
        sequence_id: "<city>_<drive>_<number of the labelled frame>".
        city: name of its folder.
        frames: paths of the frames, oldest first.
        frame_numbers: the numbers in their names.
        label: path of the label map of the last frame.
        holds_train_ids: whether that holds train ids, not label ids.
    """

    sequence_id: str
    city: str
    frames: tuple[pathlib.Path, ...]
    frame_numbers: tuple[int, ...]
    label: pathlib.Path
    holds_train_ids: bool


def find_frame_folder(root, length):
    """The folder that windows of a length are taken from.

    Args:
        root: `pathlib.Path` of the folder that holds `leftImg8bit_sequence`
            or, which is enough for a length of 1, `leftImg8bit`.
        length: frames before and including the labelled one.

    Returns:
        `FRAME_FOLDER` or `STILL_FOLDER`.

    Raises:
        FileNotFoundError: There is only `leftImg8bit`, for other lengths.
    """
    if (root / FRAME_FOLDER).is_dir() or not (root / STILL_FOLDER).is_dir():
        return FRAME_FOLDER
    if length == 1:
        return STILL_FOLDER
    raise FileNotFoundError(
        f"{root} has {STILL_FOLDER}, which holds the labelled frames alone, "
        f"but no {FRAME_FOLDER} for windows of {length} frames; extract "
        f"leftImg8bit_sequence_trainvaltest.zip there, or take full_window1, "
        f"half_window1 or length=1"
    )


def list_cities(root, split, frame_folder=FRAME_FOLDER):
    """Names of the cities that have a folder of frames.

    Args:
        root: `pathlib.Path` of the folder that holds `frame_folder`.
        split: "train" or "val".
        frame_folder: from `find_frame_folder`.
    """
    folder = root / frame_folder / split
    if not folder.is_dir():
        return []
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith(".")
    )


def find_snippets(root, split, city, length, frame_folder=FRAME_FOLDER):
    """The snippets of one city, by the names of the files only.

    Args:
        root: `pathlib.Path` of the folder that holds `frame_folder` and
            `gtFine`.
        split: "train" or "val".
        city: one of `list_cities`.
        length: frames before and including the labelled one, 1 to 20.
        frame_folder: from `find_frame_folder`.

    Returns:
        `(snippets, faults)`: a list of `Snippet` and a list of `Fault`.
    """
    are_stills = frame_folder == STILL_FOLDER
    frame_folder = root / frame_folder / split / city
    label_folder = root / LABEL_FOLDER / split / city
    frames = _list_files(frame_folder, city, (_FRAME_ENDING,))
    labels = _list_files(label_folder, city, _LABEL_ENDINGS)
    if not frames:
        text = f"{_relative(frame_folder, root)} holds no frames"
        return [], [Fault("city without frames", text)]
    if not labels:
        text = (
            f"{city} has {len(frames)} frames, but "
            f"{_relative(label_folder, root)} holds no label maps"
        )
        return [], [Fault("city without labels", text)]

    snippets, faults = [], []
    for (drive, number), label in sorted(labels.items()):
        numbers = range(number - length + 1, number + 1)
        paths = [frames.get((drive, wanted)) for wanted in numbers]
        missing = [
            n for n, path in zip(numbers, paths, strict=True) if not path
        ]
        if missing:
            name = f"{city}_{drive}_{missing[0]:06d}_{_FRAME_ENDING}"
            more = len(missing) - 1
            text = _relative(frame_folder / name, root)
            text += f" and {more} more of its snippet" if more else ""
            faults.append(Fault("frame missing", text))
            continue
        snippets.append(
            Snippet(
                sequence_id=f"{city}_{drive}_{number:06d}",
                city=city,
                frames=tuple(paths),
                frame_numbers=tuple(numbers),
                label=label,
                holds_train_ids=_LABEL_ENDINGS[_ending(label)],
            )
        )
    if are_stills:
        for drive, number in sorted(set(frames) - set(labels)):
            name = f"{city}_{drive}_{number:06d}_gtFine_labelIds.png"
            text = _relative(label_folder / name, root)
            faults.append(Fault("label missing", text))
        return snippets, faults
    for drive, first, last in _unlabeled(frames, labels, length):
        name = f"{city}_{drive}_{first + LABELED_INDEX:06d}_gtFine_labelIds.png"
        text = (
            f"{_relative(label_folder / name, root)} for the frames "
            f"{first:06d} to {last:06d}"
        )
        faults.append(Fault("label missing", text))
    return snippets, faults


def _list_files(folder, city, endings):
    """Paths by (drive, frame number); the first of `endings` that exists."""
    found = {}
    if not folder.is_dir():
        return found
    rank = list(endings).index
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if not match or match["city"] != city or match["end"] not in endings:
            continue
        key = match["drive"], int(match["number"])
        if key not in found or rank(match["end"]) < rank(_ending(found[key])):
            found[key] = path
    return found


def _ending(path):
    return _NAME.fullmatch(path.name)["end"]


def _unlabeled(frames, labels, length):
    """Snippets whose label map is missing: (drive, first, last number).

    Only frames that no label map's snippet covers, and only where there are
    enough of them to have made an example.
    """
    covered = {
        (drive, number - LABELED_INDEX + index)
        for drive, number in labels
        for index in range(SNIPPET_LENGTH)
    }
    runs = []
    for drive, number in sorted(set(frames) - covered):
        continues = (
            runs
            and runs[-1][0] == drive
            and runs[-1][2] + 1 == number
            and number - runs[-1][1] < SNIPPET_LENGTH
        )
        if continues:
            runs[-1] = (drive, runs[-1][1], number)
        else:
            runs.append((drive, number, number))
    return [run for run in runs if run[2] - run[1] + 1 >= length]


def _relative(path, root):
    return path.relative_to(root).as_posix()
