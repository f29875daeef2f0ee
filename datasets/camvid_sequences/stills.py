"""CamVid's labelled stills: their names, and which of them form a video."""

import dataclasses
import pathlib
import re

from etils import epath

from accel_tf.datasets import image_files
from accel_tf.datasets.clip_files import ClipFiles
from accel_tf.datasets.fault_option import raise_or_note
from accel_tf.datasets.text_lists import read_lines

# Two of the drives have an "f" before the number: Seq05VD_f00000.
_NAME = re.compile(r"(?P<drive>[^_]+)_f?(?P<number>[0-9]{1,18})")


@dataclasses.dataclass(frozen=True)
class Still:
    """A labelled frame.

    Attributes:
        drive: name of the drive, such as "0016E5".
        number: number of the frame in the 30 Hz video of the drive.
        frame: path of the image.
        label: path of the label image.
    """

    drive: str
    number: int
    frame: epath.Path
    label: epath.Path


def drive_and_number(path):
    """What the name of a file says: ("0016E5", 7959) of 0016E5_07959.png.

    Raises:
        ValueError: The name has another form.
    """
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise ValueError(
            f"{path} is not named <drive>_<frame number>, such as "
            f"0016E5_07959.png"
        )
    return match["drive"], int(match["number"])


def inner_folder(manual_dir, mark):
    """The folder that holds `mark`: `manual_dir`, or its CamVid folder."""
    for name in ("CamVid", "camvid"):
        if not (manual_dir / mark).exists() and (manual_dir / name).is_dir():
            return manual_dir / name
    return manual_dir


def paired_stills(frame_folder, label_folder, ending, layout, faults=None):
    """The stills of a folder of frames and one of label images.

    Args:
        frame_folder: `epath.Path`.
        label_folder: `epath.Path`; the images there are named like their
            frames, with `ending`.
        ending: of the stems there, such as "_L".
        layout: text of what folders there should be, for messages.
        faults: list that gets a text for each frame without a label image
            and the reverse, which are skipped; without it they are errors.

    Returns:
        A list of `Still`.

    Raises:
        FileNotFoundError: A folder, a frame or a label image is missing.
        ValueError: A file is misnamed.
    """
    for folder in (frame_folder, label_folder):
        if not folder.is_dir():
            raise FileNotFoundError(
                f"there is no folder {folder}; the layout is {layout}"
            )
    frames = image_files.image_files(frame_folder)
    labels = image_files.image_files(label_folder)
    if not frames:
        raise FileNotFoundError(f"no PNG or JPEG images in {frame_folder}")
    stills = []
    for stem, path in frames.items():
        label = labels.pop(stem + ending, None)
        if label is None:
            wanted = label_folder / f"{stem}{ending}.png"
            error = FileNotFoundError(f"{path} has no label image {wanted}")
            raise_or_note(error, faults)
        else:
            stills.append(Still(*drive_and_number(path), path, label))
    for stem, path in labels.items():
        name = stem.removesuffix(ending)
        error = FileNotFoundError(
            f"{path} has no frame {name} in {frame_folder}"
        )
        raise_or_note(error, faults)
    return stills


def listed_stems(path, listed):
    """The names of stills in a list, one on each line.

    Args:
        path: `epath.Path` of the list. Lines may hold endings and paths; of
            two paths on a line, frame and label, the first counts.
        listed: dict from each name of other lists to the path of its list;
            those of this one are added.

    Returns:
        A list of stems.

    Raises:
        ValueError: The list is empty, or a name is listed twice.
    """
    stems = []
    for _, line in read_lines(path):
        stem = pathlib.PurePosixPath(line.split()[0]).stem
        if stem in listed:
            raise ValueError(
                f"{stem} is listed twice, in {listed[stem].name} and {path}"
            )
        listed[stem] = path
        stems.append(stem)
    if not stems:
        raise ValueError(f"{path} lists no stills")
    return stems


def without_drives_of(stills, others):
    """Those of `stills` whose drive does not occur in `others`."""
    drives = {still.drive for still in others}
    return [still for still in stills if still.drive not in drives]


def sequences(stills, max_gap):
    """Puts stills together that follow each other closely and regularly.

    Args:
        stills: `Still`s in any order.
        max_gap: largest difference of the frame numbers of neighbours in a
            sequence, in frames of 30 Hz; 0 puts none together.

    Returns:
        A list of `ClipFiles`. In each the drive is one, the frame numbers
        grow by one constant step, and every frame is labelled.
    """
    groups = []
    for still in sorted(stills, key=lambda still: (still.drive, still.number)):
        if groups and _continues(groups[-1], still, max_gap):
            groups[-1].append(still)
        else:
            groups.append([still])
    return [
        ClipFiles(
            sequence_id=group[0].frame.stem,
            frames=tuple(still.frame for still in group),
            numbers=tuple(still.number for still in group),
            labels={place: still.label for place, still in enumerate(group)},
        )
        for group in groups
    ]


def _continues(group, still, max_gap):
    last = group[-1]
    step = still.number - last.number
    if still.drive != last.drive or not 0 < step <= max_gap:
        return False
    return len(group) == 1 or step == last.number - group[-2].number
