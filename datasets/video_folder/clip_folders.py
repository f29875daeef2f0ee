"""Finding the clips of a user's folder and cutting them into examples."""

import dataclasses
import itertools
import re

from accel_tf.datasets import image_files
from accel_tf.datasets.clip_files import ClipFiles

LAYOUT = (
    "<split>/<clip>/frames/<number>.png, <split>/<clip>/labels/<number>.png"
)
_VIDEO_ENDINGS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v")


def read_splits(manual_dir):
    """The clips of each split, whole.

    Args:
        manual_dir: `epath.Path` of the folder; its folders are the splits,
            and their folders the clips.

    Returns:
        A dict from the name of a split to a list of `ClipFiles`.

    Raises:
        FileNotFoundError: There are no splits, a split has no clips, a clip
            has no frames, or a label image has no frame.
        ValueError: A name cannot be that of a split, a split holds a video
            file, or the frames of a clip do not follow each other.
    """
    splits = {}
    for folder in _folders(manual_dir):
        name = folder.name
        if not re.fullmatch(r"\w+", name, re.ASCII) or name == "all":
            raise ValueError(
                f"{folder} cannot be a split: its name must have letters, "
                f"digits and _ only, and not be 'all'"
            )
        for path in folder.iterdir():
            if path.suffix.lower() in _VIDEO_ENDINGS and path.is_file():
                raise ValueError(
                    f"{path} is a video file; write its frames as images to "
                    f"{folder / path.stem / 'frames'} first"
                )
        clips = [_clip(name, path) for path in _folders(folder)]
        if not clips:
            raise FileNotFoundError(
                f"the split {folder} has no clips; the layout is {LAYOUT}"
            )
        splits[name] = clips
    if not splits:
        raise FileNotFoundError(
            f"{manual_dir} has no folders; the layout is {LAYOUT}"
        )
    return splits


def windows(clip, length):
    """Pieces of a clip of at most `length` frames.

    Args:
        clip: `ClipFiles` of a whole clip.
        length: number of frames.

    Returns:
        A list of `ClipFiles`. If the clip has labels, one for each label; it
        ends with the labelled frame, no other of its frames has a label, and
        it is shorter where the clip does not begin early enough. Otherwise
        the pieces follow each other without labels, the last maybe shorter.
    """
    if clip.labels:
        ends = [position + 1 for position in sorted(clip.labels)]
        starts = [max(0, end - length) for end in ends]
    else:
        starts = list(range(0, len(clip.frames), length))
        ends = [start + length for start in starts]
    pieces = []
    for start, end in zip(starts, ends, strict=True):
        frames = clip.frames[start:end]
        labels = {}
        if clip.labels:
            labels = {len(frames) - 1: clip.labels[end - 1]}
        pieces.append(
            dataclasses.replace(
                clip,
                sequence_id=f"{clip.sequence_id}/{frames[-1].stem}",
                frames=frames,
                numbers=clip.numbers[start:end],
                labels=labels,
            )
        )
    return pieces


def _folders(parent):
    return sorted(
        path
        for path in parent.iterdir()
        if path.is_dir() and not path.name.startswith(".")
    )


def _clip(split, folder):
    frame_folder, label_folder = folder / "frames", folder / "labels"
    frames = {}
    if frame_folder.is_dir():
        frames = image_files.image_files(frame_folder)
    if not frames:
        raise FileNotFoundError(
            f"there are no PNG or JPEG images in {frame_folder}; the layout "
            f"is {LAYOUT}"
        )
    numbers = _numbers(frame_folder, list(frames))
    stems = sorted(frames, key=numbers.get)
    positions = {stem: position for position, stem in enumerate(stems)}
    labels = {}
    if label_folder.is_dir():
        for stem, path in image_files.image_files(label_folder).items():
            if stem not in frames:
                raise FileNotFoundError(
                    f"{path} has no frame {stem} in {frame_folder}"
                )
            labels[positions[stem]] = path
    return ClipFiles(
        sequence_id=f"{split}/{folder.name}",
        frames=tuple(frames[stem] for stem in stems),
        numbers=tuple(numbers[stem] for stem in stems),
        labels=labels,
    )


def _numbers(folder, stems):
    """Number of each frame: the one that changes from name to name.

    `aachen_000001_000019_left8bit` has four, of which three are the same in
    all names of a clip.
    """
    parts = [re.split(r"([0-9]+)", stem) for stem in stems]
    changing = [
        place
        for place, values in enumerate(zip(*parts, strict=False))
        if len(set(values)) > 1
    ]
    same_length = len(set(map(len, parts))) == 1
    if len(stems) == 1:
        # Nothing changes: the last number it is, as in frame_0012.
        changing = [len(parts[0]) - 2]
    in_one_number = len(changing) == 1 and changing[0] > 0 and changing[0] % 2
    if not same_length or not in_one_number:
        raise ValueError(
            f"the names of the frames in {folder} must differ in one number, "
            f"such as 000001.png, 000002.png; there are {stems[0]} and "
            f"{stems[-1]}"
        )
    numbers = {
        stem: int(part[changing[0]])
        for stem, part in zip(stems, parts, strict=True)
    }
    _check_steps(folder, numbers)
    return numbers


def _check_steps(folder, numbers):
    ordered = sorted(numbers.items(), key=lambda item: item[1])
    first_step = None
    for (_, earlier), (stem, later) in itertools.pairwise(ordered):
        step = later - earlier
        if step == 0:
            raise ValueError(f"two frames in {folder} have the number {later}")
        first_step = first_step or step
        if step != first_step:
            raise ValueError(
                f"the frames in {folder} do not follow each other: before "
                f"{stem} the step of the numbers is {step}, at first it is "
                f"{first_step}; add what is missing or make it another clip"
            )
