"""Files that appear whole or not at all."""

import contextlib
import os
import pathlib


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
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
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
