"""A data set of one's own frames and label images, whatever their layout."""

import contextlib
import dataclasses
import io
import json
import pathlib
import re
import shutil

import tensorflow_datasets as tfds
from absl import logging

from accel_tf.data.build_data import build_data
from accel_tf.data.builders import prepared_builder
from accel_tf.data.dataset_labels import NOTES_KEY
from accel_tf.data.source_record import record_of
from accel_tf.datasets.video_folder.clip_folders import VIDEO_ENDINGS
from accel_tf.datasets.video_folder.foreign_class_lists import (
    NAMES,
    binary_values,
    find_list,
    read_foreign_list,
    write_list,
)
from accel_tf.datasets.video_folder.found_clips import (
    find_clips,
    video_clip,
)
from accel_tf.datasets.video_folder.pieces import pieces_of, runs_of, split_off
from accel_tf.datasets.video_folder.write_folder import write_folder
from accel_tf.files import read_json, write_text
from accel_tf.messages import tell

NAME = "video_folder/own"
"""Of the data set, in the folder `data` of the output."""
_RECORD = "own_data.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class OwnData:
    """What to train on.

    Attributes:
        data: folder of frames and label images, as
            `accel_tf.datasets.video_folder.found_clips.LAYOUTS` says, or a
            video.
        labels: folder of the label images of a video.
        classes: file that lists the classes, see `read_foreign_list`; `None`
            looks for one in `data`.
        ignore: label values and names of classes, as text, that become 255
            and do not count.
        validation: share of the labelled frames, or a folder like `data`;
            `None` takes those that `data` has apart, or a fifth.
        motion: "video" or "stills" says whether neighbouring images are
            frames of a video; "auto" looks.
        first_frame: number of a video's first frame in the names of label
            images.
        width: of the frames in pixels, if they are wider; `None` keeps them.
    """

    data: str
    labels: str | None = None
    classes: str | None = None
    ignore: tuple[str, ...] = ()
    validation: float | str | None = None
    motion: str = "auto"
    first_frame: int = 0
    width: int | None = 640


@dataclasses.dataclass(frozen=True)
class Counts:
    """What a data set of one's own holds.

    Attributes:
        train, validation: labelled frames.
        clips: examples to train on that are clips of a video.
        stills: examples to train on that are single frames.
        validation_clips: labelled frames to validate on with frames before.
    """

    train: int
    validation: int
    clips: int
    stills: int
    validation_clips: int


def build_own_data(own, out):
    """Builds the data set `NAME` in `out/data`, unless it is there.

    Args:
        own: `OwnData`.
        out: `pathlib.Path` of the folder for everything.

    Returns:
        `(builder, counts)`: a prepared TFDS builder with the split "train"
        and, if anything is held back, "validation"; and `Counts`.

    Raises:
        ValueError: Something in the files or arguments is wrong, or the data
            set in `out` was built of others.
        OSError: Something cannot be read or written.
    """
    data = pathlib.Path(own.data)
    if not data.exists():
        raise FileNotFoundError(f"no such folder or video: {data}")
    if data.resolve() in (out.resolve(), *out.resolve().parents):
        raise ValueError(f"--out {out} must be outside of {data}")
    stated, path = _stated(own), out / _RECORD
    if path.exists():
        stored = read_json(path)
        changes = _changes(stored["stated"], stated)
        if changes and list(out.glob("*/config.json")):
            raise ValueError(
                f"{out} holds a model for other data ({'; '.join(changes)}); "
                f"choose another --out, or remove {out}"
            )
        if changes:  # nothing was trained yet
            path.unlink()
    if path.exists():
        counts = Counts(**stored["counts"])
    else:
        counts = _build(own, data, out)
        record = {"stated": stated, "counts": dataclasses.asdict(counts)}
        write_text(path, json.dumps(record, indent=1) + "\n")
    builder = prepared_builder(NAME, out / "data")
    for note in builder.info.metadata[NOTES_KEY]:
        tell(f"note: {note}")
    return builder, counts


def _build(own, data, out):
    cls, _, config = NAME.partition("/")
    folder, data_dir = out / "frames_and_labels", out / "data"
    for path in (folder, data_dir):
        shutil.rmtree(path, ignore_errors=True)
    tell("Building the data set")
    counts = _arrange(own, data, folder)
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    tfds.disable_progress_bar()
    try:
        # TFDS tells of a download that there is not.
        with contextlib.redirect_stdout(io.StringIO()):
            build_data(cls, data_dir, folder, settings=[f"name={config}"])
    except ValueError as error:
        # Of the user's file, rather than the link to it.
        text = re.sub(
            rf"{re.escape(str(folder))}\S+\.(png|jpg)",
            lambda match: str(pathlib.Path(match[0]).resolve()),
            str(error),
        )
        if " holds the value " in text:
            text += "; --ignore VALUES leaves out more"
        raise ValueError(text) from error
    finally:
        tfds.enable_progress_bar()
        logging.set_verbosity(verbosity)
    return counts


def _stated(own):
    """The options and the files as they are, as JSON types."""
    options = json.loads(json.dumps(dataclasses.asdict(own)))
    files = {}
    for key in ("data", "labels", "validation", "classes"):
        path = pathlib.Path(str(options[key]))
        if options[key] is not None and path.is_dir():
            record = record_of(path)
            files[key] = [record.files, record.num_bytes, record.content]
        elif options[key] is not None and path.is_file():
            files[key] = path.stat().st_size
        if key != "validation" and options[key] is not None:
            options[key] = str(path.resolve())
    return {**options, "files": files}


def _changes(stored, stated):
    stored, stated = dict(stored), dict(stated)
    files = stored.pop("files"), stated.pop("files")
    changed = [
        f"{key}: {stored.get(key)!r}, not {stated[key]!r}"
        for key in stated
        if stored.get(key) != stated[key]
    ]
    if not changed and files[0] != files[1]:
        changed = ["the files were others then"]
    return changed


def _arrange(own, data, folder):
    classes = _classes(own, data)
    held_back, clips = None, _found(own, data)
    share = own.validation
    if isinstance(share, str):
        held_back = find_clips(pathlib.Path(share))
        clips = [clip for clip in clips if clip.split != "validation"]
    elif any(clip.split == "validation" for clip in clips):
        if share is not None:
            raise ValueError(
                f"{data} has a folder of frames to validate on; leave out "
                f"--validation {share:g}"
            )
        held_back = [clip for clip in clips if clip.split == "validation"]
    tests = [clip for clip in clips if clip.split == "test"]
    if tests:
        tell(f"note: {tests[0].name} and others of the test split are left out")
    train = [clip for clip in clips if clip.split in (None, "train")]
    train = runs_of(train, own.motion, own.first_frame)
    if not any(run.labels for run in train):
        raise ValueError(
            f"no frame in {data} has a label image; masks/NAME.png belongs to "
            f"images/NAME.jpg"
        )
    if held_back is not None:
        held_back = runs_of(held_back, own.motion, own.first_frame)
    else:
        train, held_back = split_off(train, 0.2 if share is None else share)
    paths = [path for run in train for path in run.labels.values()]
    text = write_list(binary_values(paths, classes), own.ignore)
    pieces = {
        "train": [piece for run in train for piece in pieces_of(run)],
        "validation": [
            piece
            for run in held_back
            for piece in pieces_of(run)
            if piece.labels
        ],
    }
    pieces = {split: some for split, some in pieces.items() if some}
    write_folder(folder, pieces, text, own.width)
    return _count(pieces)


def _found(own, data):
    if data.is_dir():
        if own.labels is not None:
            raise ValueError(
                f"--labels is for the label images of a video; {data} is a "
                f"folder, in which they are called like their frames"
            )
        return find_clips(data)
    if data.suffix.lower() not in VIDEO_ENDINGS:
        raise ValueError(f"{data} is neither a folder nor a video")
    if own.labels is None:
        raise ValueError(
            f"give the folder of the label images of {data}: --labels DIR"
        )
    return [video_clip(data, pathlib.Path(own.labels))]


def _classes(own, data):
    if own.classes is not None:
        return read_foreign_list(pathlib.Path(own.classes))
    folder = data if data.is_dir() else data.parent
    path = find_list(folder)
    if path is None:
        raise FileNotFoundError(
            f"no list of classes in {folder}: write {NAMES[0]}, the name of a "
            f"class on each line in the order of their values from 0, or give "
            f"--classes FILE"
        )
    return read_foreign_list(path)


def _count(pieces):
    train, validation = pieces["train"], pieces.get("validation", ())
    return Counts(
        train=sum(len(piece.labels) for piece in train),
        validation=sum(len(piece.labels) for piece in validation),
        clips=sum(len(piece.frames) > 1 for piece in train),
        stills=sum(len(piece.frames) == 1 for piece in train),
        validation_clips=sum(
            place > 0 for piece in validation for place in piece.labels
        ),
    )
