"""Files that appear whole or not at all."""

import contextlib
import hashlib
import os
import pathlib
import re

_LONGEST_NAME = 255  # Bytes; of all file systems in use.


def fitting_name(name):
    """A file's name; where it is too long, a short one with its ending."""
    if len(os.fsencode(name)) <= _LONGEST_NAME:
        return name
    digest = hashlib.blake2b(os.fsencode(name), digest_size=8).hexdigest()
    return f".{digest}{pathlib.PurePath(name).suffix[:16]}"


def natural_order(path):
    """A key for sorting: frame2 before frame10."""
    parts = re.split(r"(\d+)", str(path).lower())
    # Parts at odd places are the digits; the name itself breaks ties such as
    # frame1 and frame01.
    return [int(x) if i % 2 else x for i, x in enumerate(parts)], str(path)


@contextlib.contextmanager
def replacing(path):
    """Gives a path beside `path` to write to; renamed when the block ends.

    After an exception the partial file is removed and `path` is as it was.

    Args:
        path: the file to write; its folder must exist.

    Raises:
        FileNotFoundError: if the folder does not exist.
    """
    path = pathlib.Path(path)
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"no such folder: {path.absolute().parent}.")
    # The ending stays: some writers choose the format by it.
    name = fitting_name(f".partial-{os.getpid()}-{path.name}")
    partial = path.with_name(name)
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path, text):
    """Writes a text file in UTF-8."""
    write_bytes(path, text.encode())


def write_bytes(path, data):
    """Writes a file."""
    with replacing(path) as partial:
        partial.write_bytes(data)
