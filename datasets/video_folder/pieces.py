"""Cuts what people have into the examples that `video_folder` reads."""

import dataclasses
import pathlib

from accel_tf.datasets.video_folder.frame_runs import (
    frame_runs,
    looks_like_a_video,
)

BEFORE = 9
"""Frames that are kept before a labelled one."""
_LONGEST = 24  # frames of a piece
_MOTIONS = ("auto", "video", "stills")


@dataclasses.dataclass
class Piece:
    """Frames that become one example.

    Attributes:
        name: of its folder.
        frames: paths of the images, or indices of a video's frames.
        labels: label image of some of them, by the place in `frames`.
        video: path of the video, or `None`.
        is_clip: whether the frames follow each other in a video.
    """

    name: str
    frames: list
    labels: dict[int, pathlib.Path]
    video: pathlib.Path | None
    is_clip: bool

    def part(self, start, end):
        """The frames from `start` to before `end`."""
        labels = {
            place - start: path
            for place, path in self.labels.items()
            if start <= place < end
        }
        return dataclasses.replace(
            self, frames=self.frames[start:end], labels=labels
        )


def runs_of(clips, motion="auto", first_number=0):
    """What belongs together in found clips, whole.

    Args:
        clips: list of `FoundClip`.
        motion: "video" or "stills" says of all images whether neighbours are
            frames of a video; "auto" looks at them.
        first_number: number of a video's first frame in the names of its
            label images.

    Returns:
        A list of `Piece`.

    Raises:
        ValueError: A label is of a frame that is not there, an image does
            not decode, or `motion` is none of these.
    """
    if motion not in _MOTIONS:
        raise ValueError(
            f"motion must be one of {', '.join(_MOTIONS)}, not {motion!r}"
        )
    runs = []
    for clip in clips:
        if clip.is_video:
            runs.append(_run_of_video(clip, first_number))
            continue
        folder = next(iter(clip.frames.values())).parent
        for stems in frame_runs(folder, list(clip.frames)):
            paths = [clip.frames[stem] for stem in stems]
            labels = {
                place: clip.labels[stem]
                for place, stem in enumerate(stems)
                if stem in clip.labels
            }
            is_clip = motion == "video"
            if motion == "auto":
                is_clip = clip.is_clip or _is_video(paths, labels)
            name = f"{clip.name}_{stems[0]}"
            is_clip = is_clip and len(paths) > 1
            runs.append(Piece(name, paths, labels, None, is_clip))
    return runs


def split_off(runs, share):
    """Divides runs into those to train on and those to validate on.

    Of five runs with labels or more, whole runs are taken; otherwise the end
    of each.

    Args:
        runs: list of `Piece`.
        share: 0..1, of the labelled frames.

    Returns:
        `(train, validation)`, two lists of `Piece`.

    Raises:
        ValueError: There are too few labelled frames for both.
    """
    labelled = [run for run in runs if run.labels]
    total = sum(len(run.labels) for run in labelled)
    if not share:
        return runs, []
    if total < 2:
        raise ValueError(
            f"{total} labelled frames are too few to validate on some of them; "
            "label more, or give --validation 0"
        )
    if len(labelled) >= 5:
        every = max(2, round(1 / share))
        chosen = [id(run) for run in labelled[every - 1 :: every]]
        chosen = chosen or [id(labelled[-1])]
        train = [run for run in runs if id(run) not in chosen]
        return train, [run for run in runs if id(run) in chosen]
    train, validation = [run for run in runs if not run.labels], []
    for run in labelled:
        places = sorted(run.labels)
        kept = max(1, round(len(places) * (1 - share)))
        if kept == len(places) and run is labelled[-1] and not validation:
            kept -= 1
        boundary = places[kept - 1] + 1 if kept else 0
        if kept < len(places):
            validation.append(run.part(boundary, len(run.frames)))
        if kept:
            train.append(run.part(0, boundary))
    return train, validation


def pieces_of(run):
    """Cuts a run into examples.

    Stills are one each. Of a video it is the labelled frames with `BEFORE`
    frames before, at most a second or so in one piece; without labels it is
    cut as it is.
    """
    name, count = run.name, len(run.frames)
    if not run.is_clip:
        spans = [(place, place + 1, {place}) for place in range(count)]
    elif not run.labels:
        spans = [
            (start, min(start + _LONGEST, count), set())
            for start in range(0, count, _LONGEST)
        ]
    else:
        spans = []
        for place in sorted(run.labels):
            start = max(0, place - BEFORE)
            is_near = spans and start <= spans[-1][1]
            if is_near and place < spans[-1][0] + _LONGEST:
                first, _, places = spans[-1]
                spans[-1] = (first, place + 1, places | {place})
            else:
                spans.append((start, place + 1, {place}))
    pieces = []
    for start, end, places in spans:
        piece = run.part(start, end)
        # Two pieces may share frames, but each label is scored once.
        piece.labels = {
            place: path
            for place, path in piece.labels.items()
            if place + start in places
        }
        piece.name = f"{name}_{start:06d}" if len(spans) > 1 else name
        pieces.append(piece)
    return pieces


def _is_video(paths, labels):
    """What the images say; if they are too few, whether some lack labels."""
    alike = looks_like_a_video(paths)
    return 0 < len(labels) < len(paths) if alike is None else bool(alike)


def _run_of_video(clip, first_number):
    """As far as there are labels."""
    for number, path in clip.labels.items():
        if number < first_number:
            raise ValueError(
                f"{path} is of frame {number}, before the first frame "
                f"{first_number} of {clip.frames}"
            )
    labels = {number - first_number: x for number, x in clip.labels.items()}
    frames = list(range(max(labels, default=-1) + 1))
    return Piece(clip.name, frames, labels, clip.frames, True)
