"""The videos that a user means, and the names of their outputs."""

import contextlib
import dataclasses
import glob
import os
import pathlib
import re
import urllib.parse

from accel_tf.files import natural_order
from accel_tf.segmentation.outputs import Outputs, is_image
from accel_tf.video.reader import IMAGE_ENDINGS

VIDEO_ENDINGS = tuple(
    ".mp4 .m4v .mov .mkv .webm .avi .gif .mpg .mpeg .m2v .vob .ts .mts .m2ts "
    ".3gp .3g2 .wmv .asf .flv .ogv .mxf .y4m .mjpg .mjpeg .h264 .264 .h265 "
    ".265 .hevc".split()
)

_LONGEST_NAME = 240


@dataclasses.dataclass(frozen=True)
class Job:
    """A source and what is written of it.

    Attributes:
        source: as for `open_video`.
        outputs: their paths.
        folders: that hold those of all sources, see `made_folders`.
    """

    source: str
    outputs: Outputs
    folders: tuple = ()


def expand_inputs(inputs):
    """The sources that are meant.

    A folder of videos, and a pattern of names of videos, stand for all of
    them, in natural order; everything else is one source.

    Args:
        inputs: list of str.

    Returns:
        list of str.

    Raises:
        ValueError: if a folder holds both images and videos.
    """
    return [source for each in inputs for source in _expanded(each)]


def _expanded(text):
    if os.path.isdir(text):
        files = [
            path
            for path in pathlib.Path(text).iterdir()
            if path.is_file() and not path.name.startswith(".")
        ]
    elif not os.path.exists(text) and re.search(r"[*?\[]", text):
        if "://" in text:
            return [text]
        files = [
            path
            for path in map(pathlib.Path, glob.glob(text, recursive=True))
            if path.is_file()
        ]
    else:
        return [text]
    videos = [p for p in files if p.suffix.lower() in VIDEO_ENDINGS]
    images = [p for p in files if p.suffix.lower() in IMAGE_ENDINGS]
    if videos and images:
        raise ValueError(
            f"{text} holds {len(images)} images and {len(videos)} videos; "
            "give a pattern of one kind, such as "
            f"'{pathlib.Path(text) / ('*' + videos[0].suffix)}'."
        )
    if not videos:
        return [text]
    return [str(path) for path in sorted(videos, key=natural_order)]


def make_jobs(inputs, output, output_dir, labels, scores, json):
    """The outputs of every source.

    Args:
        inputs: sources, as `expand_inputs` gives them.
        output: path of the drawing, for a single source.
        output_dir: folder of drawings called like the sources.
        labels, scores, json: paths for a single source without `output_dir`;
            else folders that get an entry called like each source.

    Returns:
        list of `Job`.

    Raises:
        ValueError, OSError: one line, if these do not go together, or a
            folder is a file or has none to be in.
    """
    if output is not None and output_dir is not None:
        raise ValueError("give --output or --output-dir, not both.")
    if output_dir is None and len(inputs) == 1:
        return [Job(inputs[0], Outputs(output, labels, scores, json))]
    if output is not None:
        raise ValueError(
            f"--output is one video, and there are {len(inputs)} inputs; give "
            "--output-dir DIR, which gets one for each."
        )
    folders = output_dir, labels, scores, json
    if not any(folders):
        raise ValueError(
            f"there are {len(inputs)} inputs; give --output-dir DIR."
        )
    given = tuple(filter(None, folders))
    for folder in given:
        _check_folder(folder)
    jobs = []
    for source, name in zip(inputs, unique_names(inputs), strict=True):
        drawing = name + (".png" if is_image(source) else ".mp4")
        paths = [
            None if folder is None else os.path.join(folder, entry)
            for folder, entry in zip(
                folders, (drawing, name, name, f"{name}.json"), strict=True
            )
        ]
        jobs.append(Job(source, Outputs(*paths), given))
    return jobs


@contextlib.contextmanager
def made_folders(jobs):
    """Makes the folders that jobs share.

    Those that were made here and are empty at the end go again.

    Args:
        jobs: list of `Job`.

    Raises:
        OSError: if one cannot be made.
    """
    missing = {folder for job in jobs for folder in job.folders}
    missing = [folder for folder in missing if not os.path.isdir(folder)]
    try:
        for folder in missing:
            os.mkdir(folder)
        yield
    finally:
        for folder in missing:
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def _check_folder(folder):
    path = pathlib.Path(folder)
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"no such folder: {path.absolute().parent}.")
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f"{folder} is a file; give a folder.")


def unique_names(inputs, taken=()):
    """A name for each source; one that was there gets a number behind it.

    Args:
        inputs: sources.
        taken: names that others have.

    Returns:
        list of different str that are names of files.
    """
    # Not all file systems tell apart capital letters.
    taken = {name.lower() for name in taken}
    names, next_number = [], {}
    for source in inputs:
        name = unique = _name(str(source))
        number = next_number.get(name.lower(), 2)
        while unique.lower() in taken:
            unique, number = f"{name}-{number}", number + 1
        next_number[name.lower()] = number
        taken.add(unique.lower())
        names.append(unique)
    return names


def _name(source):
    if source == "-":
        return "stdin"
    if re.fullmatch(r"\d+", source) and not os.path.exists(source):
        return f"camera{source}"
    if "://" in source:
        parts = urllib.parse.urlsplit(source)
        name = pathlib.PurePosixPath(urllib.parse.unquote(parts.path)).stem
        name = name or parts.hostname or "stream"
    else:
        path = pathlib.Path(source).resolve()
        if path.is_dir() or re.search(r"[*?\[]|%0?\d*d", path.name):
            # Of a pattern the folder says what it is.
            name = path.name if path.is_dir() else path.parent.name
        else:
            name = path.stem
    name = re.sub(r"[^\w.\- ]", "_", name)
    # Bytes, with which endings and numbers fit into a file's name.
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore") or "video"
