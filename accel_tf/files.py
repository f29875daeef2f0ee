"""Files that appear whole or not at all, and errors that name their file."""

import contextlib
import errno
import json
import os
import pathlib
import re

from accel_tf.partial_folders import partial_folder

_PATHS = (str, bytes, os.PathLike)


def natural_order(path):
    """A key for sorting: frame2 before frame10."""
    parts = re.split(r"(\d+)", str(path).lower())
    # Parts at odd places are the digits; the name itself breaks ties such as
    # frame1 and frame01.
    return [int(x) if i % 2 else x for i, x in enumerate(parts)], str(path)


@contextlib.contextmanager
def replacing(path):
    """Gives a path on the same disk to write to; renamed when the block ends.

    After an exception `path` is as it was and nothing else is left; what a
    killed process leaves, a later one removes (see `partial_folder`).

    Args:
        path: the file to write; its folder must exist.

    Raises:
        FileNotFoundError: if the folder does not exist.
        OSError: one line with `path`, if it cannot be written.
    """
    path = pathlib.Path(path)
    parent = path.absolute().parent
    if not parent.is_dir():
        raise FileNotFoundError(f"no such folder: {parent}.")
    with partial_folder(parent) as folder, naming(path, folder):
        # The name stays: some writers choose the format by its ending.
        yield folder / path.name
        os.replace(folder / path.name, path)


@contextlib.contextmanager
def naming(path, folder=None):
    """Makes the system's errors inside say that `path` cannot be written.

    Those of a full disk come without a file, and those of a partial file
    with a name that nobody knows. Errors that name another file stay.

    Args:
        path: what is to be written.
        folder: in which it is meanwhile; by default `path` itself.

    Raises:
        OSError: one line, of the kind that was raised inside.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or not _is_about(error, folder or path):
            raise
        # HDF5's texts have a page of numbers of their own.
        text = f"cannot write {path}: {os.strerror(error.errno)}"
        named = type(OSError(error.errno, ""))(text)
        named.errno = error.errno
        raise named from error


def _is_about(error, place):
    """Whether an error names no file, or one at or inside a place."""
    names = [error.filename, error.filename2]
    paths = [
        pathlib.Path(os.fsdecode(x)) for x in names if isinstance(x, _PATHS)
    ]
    place = pathlib.Path(place).absolute()
    return not paths or any(
        path.absolute().is_relative_to(place) for path in paths
    )


def write_text(path, text):
    """Writes a text file in UTF-8."""
    write_bytes(path, text.encode())


def write_bytes(path, data):
    """Writes a file."""
    with replacing(path) as partial:
        partial.write_bytes(data)


def reserve(path, size):
    """Makes a file of zeros, which says whether the disk has the room.

    For libraries that do not survive a full disk, such as HDF5. Does nothing
    where the system or the disk cannot tell.

    Args:
        path: of the file.
        size: bytes.

    Raises:
        OSError: if there is no room.
    """
    if not hasattr(os, "posix_fallocate"):  # Windows, macOS
        return
    with open(path, "wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise


def read_json(path):
    """Reads a file of JSON in UTF-8, which anybody may have written.

    Raises:
        OSError: if it cannot be read.
        ValueError: one line, if it is no JSON or nested too deep.
    """
    data = pathlib.Path(path).read_bytes()
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deep for JSON.") from error
    except ValueError as error:
        raise ValueError(f"{path} is not a JSON file: {error}.") from error
