"""Pickles with tensors in them, read without calling what they name.

Only the few names that state dicts need are known; see `safe_pickles.py`.
Tensors keep where their numbers are until all is read, since in older files
the numbers come last.
"""

import collections
import math

import numpy as np

from accel_tf.checkpoints import safe_pickles
from accel_tf.checkpoints.safe_pickles import NUMPY_SCALARS, Function

_DTYPES = {
    "Double": "<f8",
    "Float": "<f4",
    "Half": "<f2",
    "BFloat16": "bfloat16",
    "Long": "<i8",
    "Int": "<i4",
    "Short": "<i2",
    "Char": "<i1",
    "Byte": "<u1",
    "Bool": "bool",
}
# numpy has no bfloat16, and its bool breaks on bytes other than 0 and 1.
_STORED_AS = {"bool": "<u1", "bfloat16": "<u2"}
MAX_DIMENSIONS = 32  # numpy 1's own limit


# === Tensors ===


def item_size(dtype):
    """Bytes of one number."""
    return np.dtype(_STORED_AS.get(dtype, dtype)).itemsize


class Storage:
    """Numbers that tensors share; `data` may come later."""

    def __init__(self, dtype, data=None):
        self.dtype = dtype
        self.data = data

    def array(self):
        if self.data is None:
            raise ValueError("truncated: numbers of a tensor are missing")
        array = np.frombuffer(self.data, _STORED_AS.get(self.dtype, self.dtype))
        if self.dtype == "bfloat16":  # the upper half of a float32
            return (array.astype(np.uint32) << 16).view(np.float32)
        return array != 0 if self.dtype == "bool" else array


class View:
    """A storage from some number on."""

    def __init__(self, storage, offset):
        self.storage = storage
        self.offset = offset

    def array(self):
        return self.storage.array()[self.offset :]


class Tensor:
    """Numbers of a storage in a shape; offset and strides in numbers."""

    def __init__(self, storage, offset, size, stride, *_):
        self.storage = storage
        self.offset = offset
        self.size = tuple(size)
        self.stride = tuple(stride)

    def array(self):
        numbers = self.storage.array()
        whole = (self.offset, *self.size, *self.stride)
        if (
            not all(isinstance(n, int) and n >= 0 for n in whole)
            or len(self.size) != len(self.stride)
            or len(self.size) > MAX_DIMENSIONS
        ):
            raise ValueError(f"a tensor of an impossible shape {self.size}")
        last = self.offset + sum(
            (n - 1) * step
            for n, step in zip(self.size, self.stride, strict=True)
        )
        count = math.prod(self.size)
        # Repeated numbers would let a small file ask for any memory.
        if count and (last >= numbers.size or count > numbers.size):
            raise ValueError(
                f"a tensor of shape {self.size} is larger than its "
                f"{numbers.size} numbers"
            )
        if not count:
            return np.zeros(self.size, numbers.dtype)
        view = np.lib.stride_tricks.as_strided(
            numbers[self.offset :],
            self.size,
            [step * numbers.itemsize for step in self.stride],
        )
        return np.array(view, order="C")


class _Parameter:
    """`torch.nn.Parameter`, of which only the tensor matters."""

    def __init__(self, tensor=None, *_):
        self.tensor = tensor

    def __setstate__(self, state):
        self.tensor = state[0]


def to_arrays(value):
    """What a pickle held, with arrays for tensors.

    Raises:
        ValueError: for an object that is no part of a state dict, or a
            tensor that does not fit its numbers.
    """
    if isinstance(value, _Parameter):
        value = value.tensor
    if isinstance(value, Tensor):
        return value.array()
    if isinstance(value, dict):
        return {to_arrays(key): to_arrays(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(to_arrays(each) for each in value)
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    raise ValueError(f"it holds a {type(value).__name__.strip('_').lower()}")


# === Pickles ===


class _Type:
    """A type of storages or tensors: a name to refer to."""

    def __init__(self, dtype):
        self.dtype = dtype

    def __setstate__(self, state):
        raise ValueError("it changes a type")


def _make_tensor(storage, offset, size, stride, *_):
    if not isinstance(storage, Storage | View):
        raise ValueError("a tensor without numbers")
    return Tensor(storage, offset, size, stride)


def _make_size(numbers=()):
    return tuple(numbers)


_TENSOR = Function(_make_tensor)
_KNOWN = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch", "Size"): Function(_make_size),
    ("torch._utils", "_rebuild_tensor"): _TENSOR,
    ("torch._utils", "_rebuild_tensor_v2"): _TENSOR,
    ("torch._utils", "_rebuild_parameter"): _Parameter,
    ("torch.nn.parameter", "Parameter"): _Parameter,
    **NUMPY_SCALARS,
    **{
        (module, name + kind): _Type(dtype)
        for name, dtype in _DTYPES.items()
        for module in ("torch", "torch.cuda")
        for kind in ("Storage", "Tensor")
    },
}


def unpickle(file, load=None):
    """The next pickle of a file.

    Args:
        file: binary file; stands behind the pickle afterwards.
        load: gives the object that a persistent id stands for.
    """
    return safe_pickles.unpickle(file, _KNOWN, load)
