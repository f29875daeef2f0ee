"""Clips of a folder of frames and label images, without building it."""

import itertools

import numpy as np

from accel_tf.browse.clips import UNKNOWN, Clip, Label, Source
from accel_tf.data.images import decode_image
from accel_tf.datasets import image_files
from accel_tf.datasets.video_folder.class_list import parse_class_list
from accel_tf.datasets.video_folder.foreign_class_lists import (
    NAMES,
    binary_values,
    find_list,
    read_foreign_list,
    write_list,
)
from accel_tf.datasets.video_folder.found_clips import find_clips
from accel_tf.files import natural_order
from accel_tf.video import open_video

UNNAMED_SPLIT = "all"
"""Of clips that no folder says the split of."""
_SAMPLE = 50  # label images that say whether they are masks of 0 and 255


def folder_source(folder, classes=None, ignore=(), split=None, limit=None):
    """A folder of frames and label images as people lay them out.

    Args:
        folder: `pathlib.Path`, laid out in one of the ways of
            `accel_tf.datasets.video_folder.found_clips.LAYOUTS`.
        classes: `pathlib.Path` of the list of classes, in one of the forms of
            `read_foreign_list`; `None` looks for one in the folder.
        ignore: label values and names of classes, as text, that do not count.
        split: only this one: "train", "validation" or "test", or "all" for
            what is in none of them.
        limit: only the first so many clips of a split.

    Returns:
        A `Source`.

    Raises:
        FileNotFoundError: There is no such folder, there are no frames in it,
            or there is no list of classes.
        ValueError: The list is none, a label image belongs to no frame, there
            is no such split, or `limit` is below 1.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be 1 or more clips, got {limit}")
    splits = {}
    for found in find_clips(folder):
        splits.setdefault(found.split or UNNAMED_SPLIT, []).append(found)
    if split is not None and split not in splits:
        raise ValueError(
            f"{folder} has no split {split!r}; its splits are: "
            f"{', '.join(splits)}"
        )
    chosen = {
        name: clips[:limit]
        for name, clips in splits.items()
        if split in (None, name)
    }
    class_list = _class_list(folder, classes, ignore, chosen)
    splits = {
        name: _FolderClips(clips, class_list.look_up)
        for name, clips in chosen.items()
    }
    return Source(folder.resolve().name, class_list.label_map, splits)


class _FolderClips:
    def __init__(self, clips, look_up):
        self._clips = clips
        self._look_up = look_up

    def __len__(self):
        return len(self._clips)

    def __iter__(self):
        for found in self._clips:
            make = self._of_video if found.is_video else self._of_images
            yield make(found)

    def _of_images(self, found):
        stems = sorted(found.frames, key=natural_order)
        paths = [found.frames[stem] for stem in stems]
        return Clip(
            name=found.name,
            frames=_ImageFrames(paths),
            frame_names=tuple(path.name for path in paths),
            labels={
                position: self._reader(found.labels[stem])
                for position, stem in enumerate(stems)
                if stem in found.labels
            },
        )

    def _of_video(self, found):
        frames = _VideoFrames(found.frames)
        return Clip(
            name=found.name,
            frames=frames,
            frame_names=tuple(map(str, range(len(frames)))),
            labels={
                number: self._reader(path)
                for number, path in found.labels.items()
            },
        )

    def _reader(self, path):
        def read():
            image = image_files.read_label(path)
            classes = self._look_up(image)
            strange = np.unique(image[classes == UNKNOWN], axis=0).tolist()
            return Label(
                classes,
                tuple(tuple(x) if isinstance(x, list) else x for x in strange),
            )

        return read


class _ImageFrames:
    def __init__(self, paths):
        self._paths = paths
        self._bits = image_files.common_bits(paths)

    def __len__(self):
        return len(self._paths)

    def __getitem__(self, index):
        path = self._paths[index]
        return decode_image(path.read_bytes(), str(path), self._bits)


class _VideoFrames:
    """The frames of a video, to be asked for in their order."""

    def __init__(self, path):
        self._path = path
        with open_video(path) as video:
            # What a file states may be off, and some state nothing.
            self._count = sum(1 for _ in video.frames())
        self._frames = None
        self._next = 0

    def __len__(self):
        return self._count

    def __getitem__(self, index):
        if self._frames is None or index < self._next:
            self._frames = self._read()
            self._next = 0
        while self._next <= index:
            frame = next(self._frames)
            self._next += 1
        if frame.is_damaged:
            raise ValueError(f"frame {index} of {self._path} does not decode")
        return frame.image

    def _read(self):
        with open_video(self._path) as video:
            yield from video.frames()


def _class_list(folder, classes, ignore, splits):
    path = classes or find_list(folder)
    if path is None:
        raise FileNotFoundError(
            f"no list of classes in {folder}: write {NAMES[0]}, the name of a "
            f"class on each line in the order of their values from 0, or give "
            f"--classes FILE"
        )
    listed = read_foreign_list(path)
    labels = (
        label
        for clips in splits.values()
        for clip in clips
        for label in clip.labels.values()
        if _is_readable(label)
    )
    labels = list(itertools.islice(labels, _SAMPLE))
    text = write_list(binary_values(labels, listed), ignore)
    return parse_class_list(enumerate(text.splitlines(), 1), path)


def _is_readable(path):
    try:
        image_files.read_label(path)
    except ValueError:  # a fault, which is counted when the clip is looked at
        return False
    return True
