"""Writes the folder that `video_folder` reads, of whatever people have."""

import os
import shutil

import numpy as np

from accel_tf import optional
from accel_tf.data.images import decode_image
from accel_tf.datasets import image_files
from accel_tf.datasets.video_folder.class_list import FILE_NAME
from accel_tf.files import write_text
from accel_tf.video import open_video


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
