"""Reader of `.npy` files with a dict of arrays, without running anything.

`numpy.save` pickles what is no array of numbers, and `numpy.load` would call
whatever such a pickle names; see `safe_pickles.py`.
"""

import math

import numpy as np

from accel_tf.checkpoints.safe_pickles import (
    NUMPY_SCALARS,
    Function,
    NumpyDtype,
    unpickle,
)
from accel_tf.checkpoints.sized_reader import SizedReader
from accel_tf.messages import one_line

_MAGIC = b"\x93NUMPY"
_MAX_DIMENSIONS = 32  # numpy 1's own limit


def is_numpy_file(path):
    """Whether a file starts as those of `numpy.save` do."""
    with open(path, "rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def read_numpy_dict(path):
    """Reads a dict of arrays that `numpy.save` wrote.

    Args:
        path: of the file.

    Returns:
        dict of name -> array.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it holds another thing, is damaged or truncated, or
            asks for anything that arrays do not need; one line.
    """
    try:
        with SizedReader(path) as file:
            return _dict_of_arrays(_read(file))
    except OSError:
        raise
    except Exception as error:
        # A damaged pickle can end in any of Python's errors.
        reason = one_line(error)
        if type(error) is not ValueError:
            reason = f"damaged or truncated ({type(error).__name__})"
        raise ValueError(f"{path}: {reason}.") from error


def _read(file):
    version = np.lib.format.read_magic(file)
    read_header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read_header(file)
    if shape != () or not dtype.hasobject:
        raise ValueError(
            f"it holds an array {shape} of {dtype}, not a dict of arrays"
        )
    return unpickle(file, _KNOWN)


def _dict_of_arrays(value):
    (value,) = value.value if isinstance(value, _Array) else (value,)
    if not isinstance(value, dict):
        raise ValueError("it holds no dict of arrays")
    tensors = {}
    for name, array in value.items():
        array = array.value if isinstance(array, _Array) else array
        if not isinstance(name, str):
            raise ValueError("the name of an array is no text")
        if not isinstance(array, np.ndarray | bool | int | float):
            raise ValueError(f"{name[:80]!r} is no array")
        tensors[name] = np.asarray(array)
    return tensors


class _Dtype(NumpyDtype):
    kinds = "biufO"


class _Array:
    """`numpy.ndarray`: numbers, or a list where it holds objects."""

    value = None

    def __setstate__(self, state):
        _, shape, dtype, in_columns, data = state
        count = _count(shape)
        if dtype.dtype.kind == "O":
            if not isinstance(data, list) or len(data) != count:
                raise ValueError(f"an array {shape} without its objects")
            self.value = data
            return
        if isinstance(data, str):  # by Python 2
            data = data.encode("latin1")
        if len(data) != count * dtype.dtype.itemsize:
            raise ValueError(
                f"an array {shape} of {dtype.dtype} has {len(data)} bytes"
            )
        self.value = np.frombuffer(data, dtype.dtype).reshape(
            shape, order="F" if in_columns else "C"
        )


def _count(shape):
    """How many numbers an array of this shape has, if there can be one."""
    if (
        not isinstance(shape, tuple)
        or len(shape) > _MAX_DIMENSIONS
        or not all(isinstance(n, int) and 0 <= n < 2**63 for n in shape)
    ):
        raise ValueError("an array of an impossible shape")
    return math.prod(shape)


def _from_buffer(data, dtype, shape, order):
    array = _Array()
    array.__setstate__((1, shape, dtype, order == "F", data))
    return array


def _reconstruct(*_):
    return _Array()


_KNOWN = {
    **NUMPY_SCALARS,
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): Function(_reconstruct),
    **{
        (f"numpy.{core}.multiarray", "_reconstruct"): Function(_reconstruct)
        for core in ("core", "_core")
    },
    **{
        (f"numpy.{core}.numeric", "_frombuffer"): Function(_from_buffer)
        for core in ("core", "_core")
    },
}
