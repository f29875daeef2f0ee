"""CamVid's labelled stills: their names, and which of them form a video."""

import dataclasses
import re

from etils import epath

from accel_tf.datasets.clip_files import ClipFiles

# Two of the drives have an "f" before the number: Seq05VD_f00000.
_NAME = re.compile(r"(?P<drive>[^_]+)_f?(?P<number>[0-9]+)")


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
