"""Outputs that appear whole or not at all."""

import os
import pathlib
import shutil

from accel_tf.files import fitting_name
from accel_tf.video.video_reader import SourceLostError


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
        OSError: if its name is too long; on entering, if its folder cannot
            be written to.
        ValueError: on leaving normally, if nothing was written.
    """

    def __init__(self, target):
        # An absolute path: the program may change its working directory.
        self._target = pathlib.Path(target).absolute()
        if fitting_name(self._target.name) != self._target.name:
            raise OSError(
                f"the name {self._target.name[:40]}... is longer than file "
                "systems take (255 bytes); give a shorter one"
            )
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

    def _beside(self, ending=""):
        """The path of the partial output."""
        name = fitting_name(f".{self._target.name}.partial{ending}")
        return self._target.with_name(name)

    def _close(self):
        """Finishes the partial output."""


class FolderOutput(WholeOutput):
    """A folder of files, one for each frame.

    Args:
        directory: absent or empty, its parent must exist.

    Raises:
        FileExistsError: if `directory` is a file, not empty or a mount point.
        Others: as `WholeOutput`.
    """

    def __init__(self, directory):
        super().__init__(pathlib.Path(directory).resolve())
        if self._target.exists():
            if not self._target.is_dir() or any(self._target.iterdir()):
                raise FileExistsError(
                    f"{directory} exists and is not an empty folder; give the "
                    f"name of a new or empty one"
                )
            # Found out now rather than after hours of work.
            if self._target.is_mount():
                raise FileExistsError(
                    f"{directory} is a mount point, which cannot be renamed; "
                    f"give the name of a folder inside it"
                )

    def _next_path(self, name, ending):
        """The path of the next file.

        Args:
            name: of the frame; `None` for its number. One that was there
                before gets the number, too.
            ending: of the file.
        """
        number = f"{self.frames_written:06d}"
        path = self._partial / f"{number if name is None else name}{ending}"
        if path.exists():
            path = self._partial / f"{path.stem}_{number}{ending}"
        self._unfinished = path
        return path

    def _count(self):
        """The file of `_next_path` is complete."""
        self._unfinished = None
        self.frames_written += 1

    def _open(self):
        self._unfinished = None
        self._partial = self._beside()
        # A killed process may have left one behind.
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir()

    def _publish(self):
        # An interrupt may have stopped the next file half-way.
        if self._unfinished is not None:
            self._unfinished.unlink(missing_ok=True)
        self._describe(self._partial)
        if self._target.exists():
            self._target.rmdir()  # Empty; Windows does not rename over it.
        os.replace(self._partial, self._target)

    def _describe(self, folder):
        """Writes what is said once about all files."""

    def _remove_partial(self):
        if self._partial is not None:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial = None
