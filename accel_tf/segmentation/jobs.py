"""The inputs of `accel-tf segment`: checked, then segmented in turn.

Keras is imported after the check.
"""

import dataclasses
import functools

from accel_tf import messages
from accel_tf.segmentation.in_turn import (
    check_in_turn,
    is_opened_once,
    run_in_turn,
)
from accel_tf.segmentation.report import SegmentReport
from accel_tf.segmentation.sinks import Sinks
from accel_tf.video import open_video


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
    return check_in_turn(jobs, functools.partial(_check, options=options))


def _check(job, options):
    job.outputs.check(job.source, options.codec, options.quality)
    if not is_opened_once(job.source):
        _check_source(job, options)


def _check_source(job, options):
    """Opens files and folders, which also shows whether they can be drawn."""
    source = job.source
    with open_video(source, on_note=_ignore, **options.reader_options()) as v:
        outputs = dataclasses.replace(
            job.outputs, labels=None, scores=None, json=None
        )
        if outputs.video is not None:
            # No class map is known yet, and no legend of it.
            plain = dataclasses.replace(options, legend=False)
            Sinks(outputs, plain, None, v, source, None, {}, None, _ignore)


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
        The exit status: 0, `FAILED` or `LOST` of `in_turn`.

    Raises:
        KeyboardInterrupt: after it is said what is kept.
        ValueError, OSError, ImportError: if there is only one input.
    """
    return run_in_turn(
        jobs,
        count,
        lambda job: _Work(job, open_stream, label_map, options, about),
    )


class _Work:
    """One input, for `run_in_turn`."""

    def __init__(self, job, open_stream, label_map, options, about):
        self._job = job
        self._open_stream = open_stream
        self._label_map = label_map
        self._options = options
        self._about = about
        self._report = SegmentReport()

    def run(self, bar):
        from accel_tf.segment import segment_stream

        outputs = self._job.outputs
        with self._open_stream() as stream:
            segment_stream(
                stream,
                self._label_map,
                self._job.source,
                *dataclasses.astuple(outputs)[:2],
                scores=outputs.scores,
                json=outputs.json,
                report=self._report,
                progress=bar,
                on_note=messages.note,
                about=self._about,
                **vars(self._options),
            )

    def tell(self, end):
        paths = list(map(str, self._job.outputs.given()))
        written = ", ".join(paths)
        if end is None:
            print(f"{written}: {self._report}.")
        elif self._report.frames:
            what = {"interrupted": "Interrupted", "lost": "The source was lost"}
            kept = f"{written} {'holds' if len(paths) == 1 else 'hold'}"
            print(f"{what[end]}; {kept} {self._report}.")
