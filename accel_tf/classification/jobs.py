"""The inputs of `accel-tf classify`: checked, then classified in turn.

Keras is imported after the check.
"""

import tqdm

from accel_tf import messages
from accel_tf.classification.found import ClassesOfVideo, told
from accel_tf.segmentation.inputs import Job, expand_inputs, make_jobs
from accel_tf.segmentation.jobs import (
    FAILED,
    LOST,
    complain,
    is_camera,
    reporting,
)
from accel_tf.segmentation.outputs import Outputs
from accel_tf.video import SourceLostError, open_video


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
    good = []
    for job in jobs:
        source = job.source
        with reporting(source, len(jobs)):
            if job.outputs.given():
                job.outputs.check(source, options.codec, options.quality)
            if not ("://" in source or source == "-" or is_camera(source)):
                reading = options.reader_options()
                with open_video(source, on_note=_ignore, **reading):
                    pass  # It holds a video.
            good.append(job)
    return good


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
        The exit status: 0, `FAILED` or `LOST`.

    Raises:
        KeyboardInterrupt: after it is said what was found.
        ValueError, OSError, ImportError: if there is only one input.
    """
    status = 0 if len(jobs) == count else FAILED
    for number, job in enumerate(jobs, 1):
        found = ClassesOfVideo(model.class_names, options.top)
        bar = f"{number}/{len(jobs)}" if count > 1 else True
        try:
            with reporting(job.source, count) as result:
                _classify(job, model, options, found, bar, count == 1)
        except KeyboardInterrupt:
            _summarize(job, found, "interrupted")
            raise
        except SourceLostError as error:
            complain(error)
            _summarize(job, found, "lost")
            status = LOST if count == 1 else FAILED
            continue
        if result.failed:
            status = FAILED
        else:
            _summarize(job, found)
    return status


def _classify(job, model, options, found, bar, tells_windows):
    from accel_tf.classify import classify_video

    def tell(window):
        top = told(found.top_of(window))
        times = f"{window.start:7.2f} to {window.end:7.2f} s"
        tqdm.tqdm.write(f"{times}  {top}")

    classify_video(
        model,
        job.source,
        job.outputs.video,
        json=job.outputs.json,
        found=found,
        progress=bar,
        on_note=messages.note,
        on_window=tell if tells_windows else None,
        **vars(options),
    )


def _summarize(job, found, end=None):
    if found.windows:
        name = job.source if end is None else f"{job.source} ({end})"
        print(f"{name}: {found}", flush=True)
