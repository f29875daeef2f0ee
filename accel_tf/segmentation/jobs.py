"""The inputs of `accel-tf segment`: checked, then segmented in turn.

Keras is imported after the check.
"""

import contextlib
import dataclasses
import os
import sys

import tqdm

from accel_tf import messages
from accel_tf.segmentation.report import SegmentReport
from accel_tf.segmentation.sinks import Sinks
from accel_tf.video import SourceLostError, open_video

FAILED = 1
"""Exit status if one of several inputs failed."""

LOST = 3
"""Exit status if a camera or stream was lost; what was written is kept."""


def check_jobs(jobs, options):
    """Finds out what is wrong before a model is loaded.

    Args:
        jobs: list of `Job`.
        options: `SegmentOptions`.

    Returns:
        Those that can be done. What is wrong with another is printed.

    Raises:
        ValueError, OSError, ImportError: if there is only one.
    """
    good = []
    for job in jobs:
        with reporting(job.source, len(jobs)):
            job.outputs.check(job.source, options.codec, options.quality)
            _check_source(job, options)
            good.append(job)
    return good


def _check_source(job, options):
    """Opens files and folders, which also shows whether they can be drawn."""
    source = job.source
    if "://" in source or source == "-" or is_camera(source):
        return  # Opened once, when the model can take their frames.
    with open_video(source, on_note=_ignore, **options.reader_options()) as v:
        outputs = dataclasses.replace(
            job.outputs, labels=None, scores=None, json=None
        )
        if outputs.video is not None:
            # No class map is known yet, and no legend of it.
            plain = dataclasses.replace(options, legend=False)
            Sinks(outputs, plain, None, v, source, None, {}, None, _ignore)


def is_camera(source):
    """Whether a text is the index of a camera."""
    return source.isdecimal() and not os.path.exists(source)


def _ignore(line):
    """The same is said when the source is opened again."""


def run_jobs(jobs, count, open_stream, label_map, options, about=None):
    """Segments all inputs, each as a stream of its own.

    Args:
        jobs: list of `Job` that were found good.
        count: how many inputs there were.
        open_stream: function without arguments that gives a context manager
            of a stream that has seen nothing.
        label_map: of its labels.
        options: `SegmentOptions`.
        about: as for `segment_stream`.

    Returns:
        The exit status: 0, `FAILED` or `LOST`.

    Raises:
        KeyboardInterrupt: after it is said what is kept.
        ValueError, OSError, ImportError: if there is only one input.
    """
    from accel_tf.segment import segment_stream

    status = 0 if len(jobs) == count else FAILED
    for number, job in enumerate(jobs, 1):
        report = SegmentReport()
        paths = list(map(str, job.outputs.given()))
        written = ", ".join(paths)
        kept = f"{written} {'holds' if len(paths) == 1 else 'hold'}"
        bar = f"{number}/{len(jobs)}" if count > 1 else True
        try:
            with (
                reporting(job.source, count) as result,
                open_stream() as stream,
            ):
                segment_stream(
                    stream,
                    label_map,
                    job.source,
                    *dataclasses.astuple(job.outputs)[:2],
                    scores=job.outputs.scores,
                    json=job.outputs.json,
                    report=report,
                    progress=bar,
                    on_note=messages.note,
                    about=about,
                    **vars(options),
                )
        except KeyboardInterrupt:
            if report.frames:
                print(f"Interrupted; {kept} {report}.")
            raise
        except SourceLostError as error:
            complain(error)
            if report.frames:
                print(f"The source was lost; {kept} {report}.")
            status = LOST if count == 1 else FAILED
            continue
        if result.failed:
            status = FAILED
        else:
            print(f"{written}: {report}.")
    return status


@dataclasses.dataclass
class _Result:
    failed: bool = False


@contextlib.contextmanager
def reporting(source, count):
    """Of several inputs, one that fails is reported and left.

    Gives an object that says afterwards whether it `failed`.
    """
    result = _Result()
    try:
        yield result
    except SourceLostError:
        raise
    except (ValueError, OSError, ImportError) as error:
        if count == 1:
            raise
        result.failed = True
        message = " ".join(str(error).split())
        name = str(source)
        complain(message if name in message else f"{name}: {message}")


def complain(error):
    """Prints what is wrong, beside a progress bar."""
    tqdm.tqdm.write(
        f"accel-tf: {' '.join(str(error).split())}", file=sys.stderr
    )
