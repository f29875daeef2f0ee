"""The videos of a fleet and where their outputs go."""

import dataclasses
import os
import re

from accel_tf.files import natural_order
from accel_tf.fleet import remote
from accel_tf.segmentation.in_turn import is_opened_once
from accel_tf.segmentation.inputs import (
    VIDEO_ENDINGS,
    expand_inputs,
    unique_names,
)
from accel_tf.segmentation.outputs import Outputs, is_image


@dataclasses.dataclass(frozen=True)
class VideoJob:
    """A video and its outputs.

    Attributes:
        source: absolute path, or URL of `remote.PROTOCOLS`.
        name: that its outputs have.
        outputs: `Outputs`, absolute paths or URLs.
    """

    source: str
    name: str
    outputs: Outputs


@dataclasses.dataclass(frozen=True)
class OutputFolders:
    """Folders that get an entry for each video; `None` for those not wanted.

    Attributes:
        videos, labels, scores, json: absolute paths or URLs.
    """

    videos: str | None = None
    labels: str | None = None
    scores: str | None = None
    json: str | None = None

    def given(self):
        """Those that are not `None`."""
        return [each for each in dataclasses.astuple(self) if each is not None]

    def check(self):
        """Raises `ValueError` or `OSError` if one cannot be a folder."""
        given = self.given()
        if not given:
            raise ValueError(
                "nothing would be written; give --output-dir, --labels, "
                "--save-scores or --json, which are folders with --cluster."
            )
        for folder in given:
            if given.count(folder) > 1:
                raise ValueError(f"{folder} is given for two outputs.")
            if remote.is_url(folder):
                continue
            if not os.path.isdir(os.path.dirname(folder)):
                raise FileNotFoundError(
                    f"no such folder: {os.path.dirname(folder)}."
                )
            if os.path.exists(folder) and not os.path.isdir(folder):
                raise NotADirectoryError(f"{folder} is a file; give a folder.")

    def of(self, source, name):
        """The `VideoJob` of a source."""
        drawing = name + (".png" if is_image(source) else ".mp4")
        names = drawing, name, name, f"{name}.json"
        folders = dataclasses.astuple(self)
        outputs = [
            None if folder is None else remote.join(folder, each)
            for folder, each in zip(folders, names, strict=True)
        ]
        return VideoJob(source, name, Outputs(*outputs))


def absolute(place):
    """A place as a machine with another working directory knows it."""
    if place is None or remote.is_url(place):
        return place
    return os.path.abspath(place.removeprefix("file://"))


def expand(inputs):
    """The sources that are meant; as `expand_inputs`, and of URLs, too.

    Args:
        inputs: list of str.

    Returns:
        list of absolute paths and URLs, each once.

    Raises:
        ValueError, OSError: one line, if one is a stream or camera, or there
            is no such video.
    """
    found = []
    for text in inputs:
        if remote.is_url(text):
            found += _expand_url(text)
            continue
        text = text.removeprefix("file://")
        if is_opened_once(text):
            raise ValueError(
                f"{text} is a stream or camera; --cluster takes files, folders "
                f"and URLs of {', '.join(remote.PROTOCOLS)}."
            )
        found += map(absolute, expand_inputs([text]))
    for source in found:
        if not remote.is_url(source) and not os.path.exists(source):
            raise FileNotFoundError(f"no such file or folder: {source}.")
    return list(dict.fromkeys(found))


def _expand_url(url):
    ending = os.path.splitext(url)[1].lower()
    if not re.search(r"[*?\[]", url) and ending in VIDEO_ENDINGS:
        return [url]
    found = [
        each
        for each in remote.find(url)
        if os.path.splitext(each)[1].lower() in VIDEO_ENDINGS
    ]
    if not found:
        raise FileNotFoundError(f"no videos at {url}.")
    return sorted(found, key=natural_order)


def make_jobs(sources, folders, known):
    """Names the outputs of sources.

    Args:
        sources: as from `expand`.
        folders: `OutputFolders`.
        known: dict of source -> name that it had before. Names stay when the
            archive grows.

    Returns:
        list of `VideoJob`.
    """
    new = [source for source in sources if source not in known]
    names = dict(zip(new, unique_names(new, known.values()), strict=True))
    names = {**known, **names}
    return [folders.of(source, names[source]) for source in sources]
