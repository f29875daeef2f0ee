"""What `--runtime` and `accel-tf export --format` do."""

import itertools
import pathlib

import numpy as np

from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.fuse import precision_of
from accel_tf.models.restore_any import names_classifier, restore_any
from accel_tf.runtimes.convert import check_runtime, to_runtime
from accel_tf.runtimes.folders import check_new_folder
from accel_tf.runtimes.forms import form_for
from accel_tf.runtimes.int8_report import ReportFile
from accel_tf.runtimes.model import RuntimeModel, prepare_programs
from accel_tf.video import open_video

# In groups of neighbours, spread over the video.
_FRAMES = 30
_GROUP = 10
# Not further into a long video: all before has to be decoded.
_LAST = 1000


def prepare_runtime(
    model,
    runtime="tensorflow",
    precision="float32",
    calibrate=None,
    threads=None,
    **int8,
):
    """A model in the runtime that was chosen on the command line.

    Args:
        model: what `form_for` gives for this runtime and precision; a
            `RuntimeModel` from a folder is given back and takes the number
            of threads.
        runtime: `"tensorflow"` for the model as it is, or as `to_runtime`;
            with exported programs one of both, theirs or the default.
        precision, threads: as for `to_runtime`.
        calibrate: video file or folder of frames, for int8; else `None`.
        **int8: as `int8_keywords`.

    Returns:
        `model` or a `RuntimeModel`.

    Raises:
        ValueError, OSError, ImportError: one line, as `to_runtime` and
            `calibration_frames`.
    """
    if isinstance(model, RuntimeModel):
        return prepare_programs(
            model, runtime, precision, calibrate, threads, **int8
        )
    keywords = int8_keywords(precision, **int8)
    if runtime == "tensorflow":
        if precision != precision_of(model):
            raise ValueError(
                f"--precision {precision} needs another --runtime."
            )
        if calibrate or threads:
            raise ValueError(
                "--calibrate and --threads need another --runtime than "
                "tensorflow."
            )
        return model
    check_runtime(runtime, precision, threads)
    _check_int8(isinstance(model, ClipClassifier), precision)
    frames = calibration_frames(precision, calibrate)
    return to_runtime(model, runtime, precision, frames, threads, **keywords)


def export_runtime(
    name,
    weights,
    directory,
    runtime,
    sizes=(),
    precision="float32",
    calibrate=None,
    num_classes=None,
    exact_graph=False,
    along_flow=None,
    of_classifiers=None,
    **int8,
):
    """Exports a preset with weights from files, for `load_runtime`.

    Args:
        name, weights, num_classes: as for `restore_any`.
        directory: folder to write, see `RuntimeModel.save`.
        runtime, precision: as for `to_runtime`.
        sizes: list of `(height, width)` of the frames; of classifiers may be
            empty for their `crop_size`.
        calibrate: as for `prepare_runtime`.
        exact_graph: whether to export the model as it is and not the form
            of `accel_tf.fuse_for_inference`.
        along_flow: function from the restored model to the one that is
            exported, such as one that propagates it; `None` for none.
        of_classifiers: dict of what `restore_classifier` takes besides;
            `None` for nothing.
        **int8: as `int8_keywords`.

    Returns:
        `(path, message)`: of the folder, and a line about the weights.

    Raises:
        ValueError, OSError, ImportError: one line.
    """
    # What is wrong with these should not wait for the model.
    check_runtime(runtime, precision)
    check_new_folder(directory)
    keywords = int8_keywords(precision, **int8)
    classifies = names_classifier(name, weights)
    _check_int8(classifies, precision)
    frames = calibration_frames(precision, calibrate)
    if not (sizes or classifies):
        raise ValueError(
            f"programs of a segmenter for {runtime} need --size HEIGHTxWIDTH."
        )
    model, message = restore_any(
        name, weights, num_classes, **(of_classifiers or {})
    )
    if along_flow is not None:
        model = along_flow(model)
    model = form_for(model, runtime, precision, exact_graph)
    programs = to_runtime(model, runtime, precision, frames, **keywords)
    for size in sizes or [(model.crop_size, model.crop_size)]:
        if classifies:
            programs.program(model.frames, *size)
        else:
            programs.programs(*size).all_programs()
    programs.save(directory)
    return pathlib.Path(directory), message


def int8_keywords(
    precision, interval=None, min_agreement=None, int8_report=None
):
    """What `to_runtime` takes for int8, of what the command line gives.

    Args:
        precision, min_agreement: as for `to_runtime`.
        interval: from one key frame to the next; `None` for the default.
        int8_report: JSON file for the `Int8Report` of each size; `""` for
            tables on the standard output, `None` for none.

    Returns:
        dict; empty if not int8.

    Raises:
        ValueError: if they are not wanted.
        FileNotFoundError: if the file's folder does not exist.
    """
    if precision != "int8":
        for option, given in (
            ("--min-agreement", min_agreement),
            ("--int8-report", int8_report),
        ):
            if given is not None:
                raise ValueError(f"{option} is for --precision int8.")
        return {}
    keywords = {"min_agreement": min_agreement}
    if interval is not None:
        keywords["interval"] = interval
    if int8_report is not None:
        keywords["on_report"] = ReportFile(int8_report or None)
    return keywords


def _check_int8(classifies, precision):
    if classifies and precision == "int8":
        raise ValueError(
            "clip classifiers are not converted to int8; leave --precision out."
        )


def calibration_frames(precision, source):
    """Frames for int8, from three places of a video.

    Args:
        precision: as for `to_runtime`.
        source: video file or folder of frames; `None` if not int8.

    Returns:
        list of uint8 `[H, W, 3]`, or `None` if not int8.

    Raises:
        ValueError, OSError: if it is missing or not wanted, or cannot be
            read.
    """
    if precision != "int8":
        if source is not None:
            raise ValueError("--calibrate is for --precision int8.")
        return None
    if source is None:
        raise ValueError(
            "--precision int8 needs --calibrate with a video or a folder of "
            "frames, such as will be segmented."
        )
    with open_video(source) as video:
        count = min(video.frame_count or _FRAMES, _LAST)
        groups = _FRAMES // _GROUP
        last = max(count - _GROUP, 0)
        starts = [index * last // (groups - 1) for index in range(groups)]
        wanted = {start + index for start in starts for index in range(_GROUP)}
        frames = itertools.islice(video, max(wanted) + 1)
        return [
            np.asarray(frame)
            for index, frame in enumerate(frames)
            if index in wanted
        ]
