"""Outputs that appear whole or not at all."""

import contextlib
import os
import pathlib

from accel_tf.files import naming
from accel_tf.partial_folders import partial_folder
from accel_tf.video.video_reader import SourceLostError

_LONGEST_NAME = 255  # Bytes; of all file systems in use.


class WholeOutput:
    """A context manager that publishes what was written when all went well.

    What is written goes into a folder beside the target (`partial_folder`) and
    is renamed when the block ends normally, or with KeyboardInterrupt or
    `SourceLostError`, the usual ends of work on a camera: then it holds what
    was written so far. After any other exception the target is untouched and
    nothing partial is left.

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
        if len(os.fsencode(self._target.name)) > _LONGEST_NAME:
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
        with contextlib.ExitStack() as stack:
            self._folder = stack.enter_context(
                partial_folder(self._target.parent)
            )
            with self._naming():
                self._open()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind, error, traceback):
        kept = (KeyboardInterrupt, SourceLostError)
        wanted = kind is None or issubclass(kind, kept)
        with self._stack:
            try:
                with self._naming():
                    self._close()
                    if wanted and self.frames_written:
                        self._publish()
            finally:
                self._partial = None
        if kind is None and not self.frames_written:
            raise ValueError(
                f"no frame was given, so {self._target} was not written"
            )

    def _naming(self):
        return naming(self._target, self._folder)

    def _check_open(self):
        if self._partial is None:
            raise ValueError(
                f"{type(self).__name__} writes only inside its with block"
            )

    def _open(self):
        """Begins the output at `_partial`, a path in `_folder`."""

    def _close(self):
        """Finishes the partial output."""

    def _publish(self):
        os.replace(self._partial, self._target)


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
        self._partial = self._folder / self._target.name
        self._partial.mkdir()

    def _publish(self):
        # An interrupt may have stopped the next file half-way.
        if self._unfinished is not None:
            self._unfinished.unlink(missing_ok=True)
        self._describe(self._partial)
        if self._target.exists():
            self._target.rmdir()  # Empty; Windows does not rename over it.
        super()._publish()

    def _describe(self, folder):
        """Writes what is said once about all files."""
