"""Finding the clips of a user's folder and cutting them into examples."""

import dataclasses
import re

from accel_tf.datasets import image_files
from accel_tf.datasets.clip_files import ClipFiles
from accel_tf.datasets.video_folder.frame_numbers import frame_numbers

LAYOUT = (
    "<split>/<clip>/frames/<number>.png, <split>/<clip>/labels/<number>.png"
)
VIDEO_ENDINGS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v")


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
            if path.suffix.lower() in VIDEO_ENDINGS and path.is_file():
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
    numbers = frame_numbers(frame_folder, list(frames))
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
