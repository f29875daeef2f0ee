"""Writes the folder that `video_folder` reads, of whatever people have."""

import dataclasses
import math
import os
import pathlib
import shutil

import numpy as np

from accel_tf import optional
from accel_tf.data.images import decode_image
from accel_tf.datasets import image_files
from accel_tf.datasets.video_folder.class_list import FILE_NAME
from accel_tf.datasets.video_folder.frame_runs import (
    frame_runs,
    looks_like_a_video,
)
from accel_tf.files import write_text
from accel_tf.messages import tell
from accel_tf.video import open_video

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
        kept = max(1, math.floor(len(places) * (1 - share)))
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


def write_folder(folder, splits, class_list, width=None):
    """Writes the folder that the builder `video_folder` reads.

    Frames and label images are linked where they can stay as they are.

    Args:
        folder: `pathlib.Path`, to create; an unfinished one is removed first.
        splits: dict of the name of a split to a list of `Piece` from
            `pieces_of`.
        class_list: text of the list of classes.
        width: frames that are wider, in pixels, are made so wide; `None`
            keeps all.

    Raises:
        ValueError: An image does not decode or is no label image.
        OSError: Something cannot be read or written.
    """
    shutil.rmtree(folder, ignore_errors=True)
    everything = [piece for pieces in splits.values() for piece in pieces]
    writer = _Writer(folder, _common_ending(everything), width)
    for split, pieces in splits.items():
        for piece in pieces:
            if piece.video is None:
                writer.write_images(split, piece)
        for video in {piece.video: None for piece in pieces if piece.video}:
            of_video = [piece for piece in pieces if piece.video == video]
            writer.write_video(split, video, of_video)
    # Last, for it says that everything is there.
    write_text(folder / FILE_NAME, class_list)


class _Writer:
    """Writes pieces below `folder`, their frames with one ending."""

    def __init__(self, folder, ending, width):
        self._folder = folder
        self._ending = ending
        self._width = width
        self._names = set()

    def write_images(self, split, piece):
        clip = self._make(split, piece.name)
        for place, path in enumerate(piece.frames):
            target = clip / "frames" / f"{place:06d}{self._ending}"
            size = None
            if self._width or not self._keeps(path):
                image = decode_image(path.read_bytes(), str(path))
                size = self._size(*image.shape[:2])
            if size is None and self._keeps(path):
                _link(path, target)
            else:
                self._save(target, image, size)
            if place in piece.labels:
                label = clip / "labels" / f"{place:06d}.png"
                self._write_label(piece.labels[place], label, size)

    def write_video(self, split, video, pieces):
        """Writes pieces of one video, which is read once."""
        folders = [self._make(split, piece.name) for piece in pieces]
        places = [
            {index: place for place, index in enumerate(piece.frames)}
            for piece in pieces
        ]
        last = max(piece.frames[-1] for piece in pieces)
        index = -1
        with open_video(video) as frames:
            for index, frame in enumerate(frames):
                size = self._size(*frame.shape[:2])
                for piece, clip, known in zip(
                    pieces, folders, places, strict=True
                ):
                    if index in known:
                        name = f"{known[index]:06d}"
                        path = clip / "frames" / f"{name}{self._ending}"
                        self._save(path, frame, size)
                        label = piece.labels.get(known[index])
                        if label is not None:
                            target = clip / "labels" / f"{name}.png"
                            self._write_label(label, target, size)
                if index == last:
                    return
        raise ValueError(
            f"there are label images up to frame {last}, counted from 0, of "
            f"{video}, which has {index + 1} frames; --first-frame says what "
            f"number its first one has"
        )

    def _make(self, split, name):
        name = "".join(x if x.isalnum() or x in "-_." else "_" for x in name)
        while (split, name.lower()) in self._names:
            name += "_"
        self._names.add((split, name.lower()))
        clip = self._folder / split / name
        for part in ("frames", "labels"):
            (clip / part).mkdir(parents=True)
        return clip

    def _keeps(self, path):
        return _kind(path) == self._ending

    def _size(self, height, width):
        """`(width, height)` to make the frame, or `None` to keep it."""
        if not self._width or width <= self._width:
            return None
        return self._width, max(1, round(height * self._width / width))

    def _write_label(self, path, target, size):
        if size is None:
            _link(path, target)
            return
        label = image_files.read_label(path)
        self._save(target, label, size, nearest=True)

    @staticmethod
    def _save(path, image, size=None, nearest=False):
        cv2 = optional.cv2()
        if size is not None:
            way = cv2.INTER_NEAREST if nearest else cv2.INTER_AREA
            image = cv2.resize(image, size, interpolation=way)
        if image.ndim == 3:
            image = np.ascontiguousarray(image[..., ::-1])
        quality = []
        if path.suffix == ".jpg":
            quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
        if not cv2.imwrite(str(path), image, quality):
            raise OSError(f"{path} cannot be written")


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


def _kind(path):
    ending = path.suffix.lower()
    return ".jpg" if ending == ".jpeg" else ending


def _common_ending(pieces):
    """The ending of all frames; a data set has those of one kind only."""
    kinds = {
        _kind(path)
        for piece in pieces
        if piece.video is None
        for path in piece.frames
    }
    return ".png" if kinds == {".png"} else ".jpg"


def _link(path, target):
    try:
        os.symlink(path.absolute(), target)
    except OSError:  # where links are not allowed
        shutil.copy(path, target)


def binary_values(labels, classes, sample=50):
    """Whether label images hold 0 and 255 for two classes.

    Args:
        labels: paths of label images.
        classes: list of `ListedClass`.
        sample: number of images that are looked at.

    Returns:
        `classes`, the second with the value 255 if that is so.
    """
    if len(classes) != 2 or any(each.values for each in classes):
        return classes
    values = set()
    for path in labels[:sample]:
        image = image_files.read_label(path)
        if image.ndim == 3:
            return classes
        values |= set(np.unique(image).tolist())
    if 255 not in values or not values <= {0, 255}:
        return classes
    first, second = classes
    tell(f"note: masks of 0 and 255; 255 is {second.name}.")
    return [
        dataclasses.replace(first, values=(0,)),
        dataclasses.replace(second, values=(255,)),
    ]
