"""Pickles with tensors in them, read without calling what they name.

Only the few names that state dicts need are known; see `safe_pickles.py`.
Tensors keep where their numbers are until all is read, since in older files
the numbers come last.
"""

import math

import numpy as np

from accel_tf.checkpoints import safe_pickles
from accel_tf.checkpoints.safe_pickles import (
    NUMPY_SCALARS,
    Fixed,
    Function,
    check_key,
    shown,
)

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
MAX_DEPTH = 100  # of lists and dicts; Python's own calls go 1000 deep


# === Tensors ===


def item_size(dtype):
    """Bytes of one number."""
    return np.dtype(_STORED_AS.get(dtype, dtype)).itemsize


class Storage(Fixed):
    """Numbers that tensors share; `data`, a buffer, may come later."""

    __slots__ = ("dtype", "data", "_array")

    def __init__(self, dtype, data=None):
        self.dtype = dtype
        self.data = data
        self._array = None

    def array(self):
        """All numbers, always the same array."""
        if self.data is None:
            raise ValueError("truncated: numbers of a tensor are missing")
        if self._array is None:
            self._array = self._decoded()
        return self._array

    def _decoded(self):
        array = np.frombuffer(self.data, _STORED_AS.get(self.dtype, self.dtype))
        if self.dtype == "bfloat16":  # the upper half of a float32
            return (array.astype(np.uint32) << 16).view(np.float32)
        return array != 0 if self.dtype == "bool" else array


class View(Fixed):
    """A storage, or a view of one, from some number on."""

    __slots__ = ("storage", "offset")

    def __init__(self, storage, offset):
        _check_numbers((offset,))
        is_view = isinstance(storage, View)
        self.storage = storage.storage if is_view else storage
        self.offset = offset + (storage.offset if is_view else 0)

    def array(self):
        """Its numbers, those of the storage themselves."""
        return self.storage.array()[self.offset :]


class Tensor(Fixed):
    """Numbers of a storage in a shape; offset and strides in numbers."""

    __slots__ = ("storage", "offset", "size", "stride")

    def __init__(self, storage, offset, size, stride):
        if not isinstance(storage, Storage | View):
            raise ValueError("a tensor without numbers")
        if max(len(size), len(stride)) > MAX_DIMENSIONS:
            raise ValueError(f"a tensor of {len(size)} dimensions")
        _check_numbers((offset, *size, *stride))
        if len(size) != len(stride):
            raise ValueError("a tensor of an impossible shape")
        self.storage = storage
        self.offset = offset
        self.size = tuple(size)
        self.stride = tuple(stride)

    def array(self):
        """A view of the storage's numbers.

        Many tensors of one storage, as tied weights are, so take no more
        memory than it does.
        """
        numbers = self.storage.array()
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
        # What one number alone has for a stride does not matter.
        steps = (
            step if n > 1 else 0
            for n, step in zip(self.size, self.stride, strict=True)
        )
        width = numbers.itemsize
        return np.ndarray(
            self.size,
            numbers.dtype,
            numbers,
            self.offset * width,
            [step * width for step in steps],
        )


def _check_numbers(numbers):
    if not all(isinstance(n, int) and 0 <= n < 2**63 for n in numbers):
        raise ValueError("a tensor of an impossible shape")


class _Parameter:
    """`torch.nn.Parameter`, of which only the tensor matters."""

    __slots__ = ("tensor",)

    def __init__(self, tensor=None, *_):
        self.tensor = tensor

    def __setstate__(self, state):
        self.tensor = state[0]


class _Arrays:
    """Makes arrays of what a pickle held; each object becomes one, once.

    So whatever holds itself in two places, which hold themselves in two, is
    gone through once.
    """

    def __init__(self):
        self.made = {}

    def of(self, value, depth=0):
        if value is None or isinstance(value, bool | int | float | str | bytes):
            return value
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
        if id(value) not in self.made:
            self.made[id(value)] = _UNFINISHED
            self.made[id(value)] = self._make(value, depth + 1)
        made = self.made[id(value)]
        if made is _UNFINISHED:
            raise ValueError("it holds itself")
        return made

    def _make(self, value, depth):
        if isinstance(value, _Parameter):
            return self.of(value.tensor, depth)
        if isinstance(value, Tensor):
            return value.array()
        if isinstance(value, dict):
            return {key: self.of(each, depth) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return type(value)([self.of(each, depth) for each in value])
        raise ValueError(f"it holds {shown(value)}")


_UNFINISHED = object()


def to_arrays(value):
    """What a pickle held, with arrays for tensors.

    Arrays of one storage share their memory.

    Raises:
        ValueError: for an object that is no part of a state dict, a tensor
            that does not fit its numbers, or lists and dicts that hold
            themselves or are nested more than `MAX_DEPTH` deep.
    """
    return _Arrays().of(value)


# === Pickles ===


class _Type(Fixed):
    """A type of storages or tensors: a name to refer to."""

    __slots__ = ("dtype",)

    def __init__(self, dtype):
        self.dtype = dtype


class _OrderedDict(dict):
    """`collections.OrderedDict`, whose attributes are left out."""

    def __setstate__(self, state):
        pass


def _make_dict(pairs=()):
    made = _OrderedDict()
    for key, value in pairs:
        check_key(key)
        made[key] = value
    return made


def _make_tensor(storage, offset, size, stride, *_):
    return Tensor(storage, offset, size, stride)


def _make_size(numbers=()):
    return tuple(numbers)


_TENSOR = Function(_make_tensor)
_KNOWN = {
    ("collections", "OrderedDict"): Function(_make_dict),
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
