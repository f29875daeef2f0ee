"""What folders of programs have in common, whatever these compute."""

import contextlib
import hashlib
import os
import pathlib

from accel_tf.files import naming
from accel_tf.partial_folders import partial_folder
from accel_tf.runtimes.steps import Tensor

DESCRIPTION = "model.json"
FORMAT = 1


def read_tensors(entries):
    return [Tensor(name, tuple(shape), dtype) for name, shape, dtype in entries]


def check_file(path, digest):
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; export the model again.")
    if file_digest(path) != digest:
        raise ValueError(f"{path} is damaged; export the model again.")


def file_digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_new_folder(directory):
    """Makes sure that a folder can be written.

    Raises:
        OSError: if it exists and is not empty, or there is no folder that
            it could be in.
    """
    path = pathlib.Path(directory).absolute()
    if path.is_dir():
        if any(path.iterdir()):
            raise FileExistsError(
                f"{directory} exists and is not empty; give another folder."
            )
    elif path.exists():
        raise NotADirectoryError(f"{directory} is not a folder.")
    elif not path.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {path.parent}.")


@contextlib.contextmanager
def new_folder(directory):
    """Gives a folder that becomes `directory` when the block ends.

    Raises:
        OSError: as `check_new_folder`; one line with `directory`, if it
            cannot be written.
    """
    check_new_folder(directory)
    path = pathlib.Path(directory).absolute()
    with partial_folder(path.parent) as folder, naming(directory, folder):
        partial = folder / path.name
        partial.mkdir()
        yield partial
        os.replace(partial, path)
