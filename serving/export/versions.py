"""Folders of a model's versions, which a server may be watching."""

import contextlib
import errno
import os
import pathlib
import re

from accel_tf.files import naming
from accel_tf.partial_folders import partial_folder


@contextlib.contextmanager
def new_version(directory, version=None):
    """A folder that becomes a version when the block ends.

    After an exception nothing is left of it; what a killed process leaves,
    the next one removes (see `partial_folder`).

    Args:
        directory: folder of all versions; created if need be.
        version: its number; by default the next one.

    Yields:
        `(partial, publish)`: the folder to fill, and a function that makes
        it the version and gives its new path.

    Raises:
        ValueError: if the version exists.
        OSError: if the folder cannot be written.
    """
    directory = pathlib.Path(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise type(error)(f"cannot write to {directory}: {reason}.") from error
    # TensorFlow Serving passes over names that are no number.
    with partial_folder(directory) as folder, naming(directory, folder):
        partial = folder / "version"
        partial.mkdir()
        yield partial, lambda: _publish(partial, directory, version)


def check_directory(directory):
    """Raises `OSError` if `directory` can neither be written to nor made."""
    found = pathlib.Path(directory).absolute()
    while not os.path.lexists(found):
        found = found.parent
    if not found.is_dir():
        raise NotADirectoryError(
            f"cannot write to {directory}: {found} is no folder."
        )
    if not os.access(found, os.W_OK | os.X_OK):
        raise PermissionError(
            f"cannot write to {directory}: {found} is not writable."
        )


def check_new_version(directory, version):
    """Raises `ValueError` if there is this version already."""
    if version in _versions(directory):
        raise ValueError(
            f"{directory} holds a version {version} already; the next is "
            f"{_next(directory)}."
        )


def _versions(directory):
    """Numbers of the versions there are, as TensorFlow Serving reads them."""
    directory = pathlib.Path(directory)
    if not directory.is_dir():
        return set()
    names = (path.name for path in directory.iterdir())
    numbers = (int(name) for name in names if re.fullmatch("[0-9]+", name))
    return {number for number in numbers if number < 2**63}


def _next(directory):
    return max(_versions(directory), default=0) + 1


def _publish(partial, directory, version):
    while True:
        path = directory / str(version or _next(directory))
        try:
            os.rename(partial, path)
            return path
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            # Another export was quicker.
            if version is not None:
                check_new_version(directory, version)
