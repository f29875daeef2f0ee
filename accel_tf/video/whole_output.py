"""Outputs that appear whole or not at all."""

import pathlib

from accel_tf.video.errors import SourceLostError


class WholeOutput:
    """A context manager that publishes what was written when all went well.

    What is written goes beside the target and is renamed when the block ends
    normally, or with KeyboardInterrupt or `SourceLostError`, the usual ends of
    work on a camera: then it holds what was written so far. After any other
    exception the target is untouched and nothing partial is left.

    Args:
        target: path of the file or folder; its parent must exist.

    Raises:
        FileNotFoundError: if it does not.
        OSError: on entering, if its folder cannot be written to.
        ValueError: on leaving normally, if nothing was written.
    """

    def __init__(self, target):
        # An absolute path: the program may change its working directory.
        self._target = pathlib.Path(target).absolute()
        if not self._target.parent.is_dir():
            raise FileNotFoundError(
                f"no such folder: {self._target.parent}; make it before "
                f"{self._target.name} is written there"
            )
        self._partial = None

    def __enter__(self):
        self.frames_written = 0
        try:
            self._open()
        except BaseException as error:
            self._remove_partial()
            if not isinstance(error, OSError) or not error.strerror:
                raise
            raise OSError(
                f"cannot write to the folder {self._target.parent}: "
                f"{error.strerror}"
            ) from error
        return self

    def __exit__(self, kind, error, traceback):
        kept = (KeyboardInterrupt, SourceLostError)
        wanted = kind is None or issubclass(kind, kept)
        try:
            self._close()
            if wanted and self.frames_written:
                self._publish()
        finally:
            self._remove_partial()
        if kind is None and not self.frames_written:
            raise ValueError(
                f"no frame was given, so {self._target} was not written"
            )

    def _check_open(self):
        if self._partial is None:
            raise ValueError(
                f"{type(self).__name__} writes only inside its with block"
            )

    def _close(self):
        """Finishes the partial output."""
