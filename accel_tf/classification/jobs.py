"""The inputs of `accel-tf classify`: checked, then classified in turn.

Keras is imported after the check.
"""

import functools

import tqdm

from accel_tf import messages
from accel_tf.classification.found import ClassesOfVideo, told
from accel_tf.segmentation.in_turn import (
    check_in_turn,
    is_opened_once,
    run_in_turn,
)
from accel_tf.segmentation.inputs import Job, expand_inputs, make_jobs
from accel_tf.segmentation.outputs import Outputs
from accel_tf.video import open_video


def jobs_of(inputs, output=None, output_dir=None, json=None):
    """What is read and written.

    Args:
        inputs: as for `expand_inputs`.
        output, output_dir, json: as for `make_jobs`; none of them is needed.

    Returns:
        list of `Job`.

    Raises:
        ValueError, OSError: one line, as `make_jobs`.
    """
    sources = expand_inputs(inputs)
    if (output, output_dir, json) == (None, None, None):
        return [Job(source, Outputs()) for source in sources]
    return make_jobs(sources, output, output_dir, None, None, json)


def check_jobs(jobs, options):
    """Finds out what is wrong before a model is loaded.

    Args:
        jobs: list of `Job`.
        options: `ClassifyOptions`.

    Returns:
        Those that can be done. What is wrong with another is printed.

    Raises:
        ValueError, OSError, ImportError: if there is only one.
    """
    return check_in_turn(jobs, functools.partial(_check, options=options))


def _check(job, options):
    if job.outputs.given():
        job.outputs.check(job.source, options.codec, options.quality)
    if not is_opened_once(job.source):
        reading = options.reader_options()
        with open_video(job.source, on_note=_ignore, **reading):
            pass  # It holds a video.


def _ignore(line):
    """The same is said when the source is opened again."""


def run_jobs(jobs, count, model, options):
    """Classifies all inputs, and prints the top classes of each.

    Of a single one those of every window are printed, too.

    Args:
        jobs: list of `Job` that were found good.
        count: how many inputs there were.
        model: a `ClipClassifier`.
        options: `ClassifyOptions`.

    Returns:
        The exit status: 0, `FAILED` or `LOST` of `in_turn`.

    Raises:
        KeyboardInterrupt: after it is said what was found.
        ValueError, OSError, ImportError: if there is only one input.
    """
    return run_in_turn(
        jobs, count, lambda job: _Work(job, model, options, count == 1)
    )


class _Work:
    """One input, for `run_in_turn`."""

    def __init__(self, job, model, options, tells_windows):
        self._job = job
        self._model = model
        self._options = options
        self._tells_windows = tells_windows
        self._found = ClassesOfVideo(model.class_names, options.top)

    def run(self, bar):
        from accel_tf.classify import classify_video

        classify_video(
            self._model,
            self._job.source,
            self._job.outputs.video,
            json=self._job.outputs.json,
            found=self._found,
            progress=bar,
            on_note=messages.note,
            on_window=self._tell_window if self._tells_windows else None,
            **vars(self._options),
        )

    def _tell_window(self, window):
        top = told(self._found.top_of(window))
        times = f"{window.start:7.2f} to {window.end:7.2f} s"
        tqdm.tqdm.write(f"{times}  {top}")

    def tell(self, end):
        if self._found.windows:
            source = self._job.source
            name = source if end is None else f"{source} ({end})"
            print(f"{name}: {self._found}", flush=True)
