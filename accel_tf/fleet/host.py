"""The process of a worker, whatever it works at."""

import os
import pickle

from accel_tf.messages import one_line


class Host:
    """Makes a worker and calls it; answers rather than raises.

    Args:
        make_worker: pickled function without arguments that gives the worker.
            It is unpickled after the environment is set: TensorFlow reads
            that when it is imported.
        environment: dict of environment variables that are set unless they
            are.

    A worker may have an attribute `progress`: `None`, or an object that says
    of the call under way which `share` of it is done, 0..1, and how many
    `frames` that is.
    """

    def __init__(self, make_worker, environment):
        for name, value in environment.items():
            os.environ.setdefault(name, value)
        self._make_worker, self._worker = make_worker, None

    def load(self):
        """Makes the worker; an answer as of `call`, with the process' id."""
        return _answer(self._load)

    def call(self, method, *arguments):
        """Calls a method of the worker.

        Returns:
            `("done", value)`, or `("failed", (reason, errno))`: one line, and
            the number of the system's error or `None`.
        """
        try:
            return _answer(getattr(self._worker, method), *arguments)
        finally:
            self._worker.progress = None

    def progress(self):
        """Of the call under way: `(share, frames)`, or `None`.

        Another thread calls it than that of the call.
        """
        told = getattr(self._worker, "progress", None)
        return None if told is None else (told.share, told.frames)

    def _load(self):
        self._worker = pickle.loads(self._make_worker)()
        return os.getpid()


def _answer(function, *arguments):
    try:
        return "done", function(*arguments)
    except Exception as error:
        is_told = isinstance(error, ValueError | OSError | ImportError)
        kind = "" if is_told else f"{type(error).__name__}: "
        reason = one_line(f"{kind}{error}", 400)
        return "failed", (reason, getattr(error, "errno", None))
