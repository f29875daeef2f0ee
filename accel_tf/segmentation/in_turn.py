"""Several inputs in turn: errors of each, and the exit status of all."""

import contextlib
import dataclasses
import os
import sys

import tqdm

from accel_tf.video import SourceLostError

FAILED = 1
"""Exit status if one of several inputs failed."""

LOST = 3
"""Exit status if a camera or stream was lost; what was written is kept."""


def check_in_turn(jobs, check):
    """Finds out what is wrong before a model is loaded.

    Args:
        jobs: list of `Job`.
        check: function of a `Job` that raises what is wrong with it.

    Returns:
        Those that can be done. What is wrong with another is printed.

    Raises:
        ValueError, OSError, ImportError: if there is only one.
    """
    good = []
    for job in jobs:
        with _reporting(job.source, len(jobs)):
            check(job)
            good.append(job)
    return good


def run_in_turn(jobs, count, begin):
    """Does all jobs.

    Args:
        jobs: list of `Job` that were found good.
        count: how many inputs there were.
        begin: function of a `Job` that gives an object with two methods:
            `run(bar)` does it, `bar` being as `progress` of
            `segment_stream`; `tell(end)` says what came out, `end` being
            `None`, `"interrupted"` or `"lost"`.

    Returns:
        The exit status: 0, `FAILED` or `LOST`.

    Raises:
        KeyboardInterrupt: after it is told what came out.
        ValueError, OSError, ImportError: if there is only one input.
    """
    status = 0 if len(jobs) == count else FAILED
    for number, job in enumerate(jobs, 1):
        work = begin(job)
        try:
            with _reporting(job.source, count) as result:
                work.run(f"{number}/{len(jobs)}" if count > 1 else True)
        except KeyboardInterrupt:
            work.tell("interrupted")
            raise
        except SourceLostError as error:
            _complain(error)
            work.tell("lost")
            status = LOST if count == 1 else FAILED
            continue
        if result.failed:
            status = FAILED
        else:
            work.tell(None)
    return status


def is_camera(source):
    """Whether a text is the index of a camera."""
    return source.isdecimal() and not os.path.exists(source)


def is_opened_once(source):
    """Whether a text names a stream or camera, not a file or folder."""
    return "://" in source or source == "-" or is_camera(source)


@dataclasses.dataclass
class _Result:
    failed: bool = False


@contextlib.contextmanager
def _reporting(source, count):
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
        _complain(message if name in message else f"{name}: {message}")


def _complain(error):
    """Prints what is wrong, beside a progress bar."""
    tqdm.tqdm.write(
        f"accel-tf: {' '.join(str(error).split())}", file=sys.stderr
    )
