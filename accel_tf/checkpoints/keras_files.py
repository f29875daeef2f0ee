"""What is in Keras' own files of weights."""

import dataclasses
import io
import math
import os
import zipfile

import h5py
import numpy as np

from accel_tf.files import replacing, reserve
from accel_tf.partial_folders import temporary_folder

# Weights of which most are zeros, compressed, are a tenth of themselves.
_MOST_RATIO = 20
_HEAD_BYTES = 4096  # Of a tensor in HDF5, rather more than less.
_ROOM = 2**20  # The texts of a small file compress better.


def save_weights(model, path):
    """Writes a `.weights.h5` file whole or not at all.

    With the state of the optimizer, if the model is compiled.

    Args:
        model: a `keras.Model` whose weights exist.
        path: of the file, ending in `.weights.h5`.

    Raises:
        OSError: one line, if it cannot be written.
    """
    optimizer = getattr(model, "optimizer", None)
    variables = [*model.variables, *(optimizer.variables if optimizer else ())]
    size = sum(
        math.prod(variable.shape) * np.dtype(variable.dtype).itemsize
        for variable in variables
    )
    with replacing(path) as partial:
        # HDF5 may end the process if the disk is full.
        reserve(partial, size + _HEAD_BYTES * (len(variables) + 1))
        model.save_weights(partial)


def classes_of_file(model, path):
    """For how many classes a file has the weights, by the tensors' shapes.

    Args:
        model: a `VideoSegmenter` with another number of classes.
        path: of a `.weights.h5` or `.keras` file.

    Returns:
        The number; None if the file differs from the model in other things,
        or cannot be read.
    """
    with temporary_folder() as folder:
        own_path = folder / "model.weights.h5"
        model.save_weights(own_path)
        own = shapes_of_file(own_path)
    try:
        others = shapes_of_file(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    if set(own) != set(others):
        return None
    numbers = set()
    for name, shape in own.items():
        if len(shape) != len(others[name]):
            return None
        for side, other in zip(shape, others[name], strict=True):
            if side != other:
                # Some layers have several times as many channels.
                numbers.add(other * model.num_classes / side)
    if len(numbers) != 1:
        return None
    (number,) = numbers
    return int(number) if number == int(number) else None


def shapes_of_file(path):
    """dict of the name of a model's tensor -> shape.

    Args:
        path: of a `.weights.h5` or `.keras` file.

    Raises:
        OSError, KeyError, zipfile.BadZipFile: if it is none.
        ValueError: if it claims far more than it has.
    """
    return {
        name: item.shape
        for name, item in _datasets(path).items()
        if not name.startswith("optimizer/")
    }


def check_claims(path):
    """Refuses a file that is many times larger in memory than on the disk.

    Compressed, or as numbers that are all the same and so not stored, a few
    kilobytes can stand for any amount. Keras itself stores numbers as they
    are.

    Args:
        path: of a `.weights.h5` or `.keras` file, or another of HDF5.

    Raises:
        OSError, KeyError, zipfile.BadZipFile: if it is none.
        ValueError: if it claims far more than it has; one line.
    """
    _datasets(path)


@dataclasses.dataclass(frozen=True)
class _Dataset:
    """Shape of a tensor, and the bytes that reading it takes."""

    shape: tuple
    size: int


def _datasets(path):
    """dict of name -> `_Dataset`, whose sizes are within reason."""
    limit = _MOST_RATIO * os.path.getsize(path) + _ROOM
    with _opened(path, limit) as file:
        found = {}

        def note(name, item):
            if isinstance(item, h5py.Dataset):
                found[name] = _Dataset(item.shape, _bytes_of(item))

        file.visititems(note)
    _check(sum(each.size for each in found.values()), limit)
    return found


def _bytes_of(dataset):
    if dataset.shape is None:
        return 0
    # A chunk is unpacked whole, also where the tensor ends within it.
    numbers = max(math.prod(dataset.shape), math.prod(dataset.chunks or ()))
    return numbers * dataset.dtype.itemsize


def _opened(path, limit):
    """The file of HDF5, also within a `.keras` file."""
    if not str(path).endswith(".keras"):
        return h5py.File(path)
    with zipfile.ZipFile(path) as archive:
        _check(sum(each.file_size for each in archive.infolist()), limit)
        return h5py.File(io.BytesIO(archive.read("model.weights.h5")))


def _check(claimed, limit):
    if claimed > limit:
        raise ValueError(
            f"it claims {claimed} bytes of numbers, more than a file of its "
            "size can have"
        )
