"""Pickles with tensors in them, read without calling what they name.

Only the few names that state dicts need are known, and each stands for a
function or class of this module; a pickle that asks for another is refused.
Tensors keep where their numbers are until all is read, since in older files
the numbers come last.
"""

import collections
import math
import pickle

import numpy as np

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


class _NumpyDtype:
    """dtype of a numpy number, as checkpoints hold a score."""

    def __init__(self, code, *_):
        self.dtype = np.dtype(code)
        if self.dtype.kind not in "biuf":
            raise ValueError(f"a numpy number of dtype {self.dtype}")

    def __setstate__(self, state):
        if state[1] == ">":
            self.dtype = self.dtype.newbyteorder(">")


def _numpy_scalar(dtype, data):
    return np.frombuffer(data, dtype.dtype, count=1)[0].item()


def _encode(text, *_):
    return text.encode("latin1")


def _make_tensor(storage, offset, size, stride, *_):
    if not isinstance(storage, Storage | View):
        raise ValueError("a tensor without numbers")
    return Tensor(storage, offset, size, stride)


def _make_size(numbers=()):
    return tuple(numbers)


class _Function:
    """A function that a pickle can call, but not change."""

    def __init__(self, function):
        self.call = function

    def __call__(self, *args):
        return self.call(*args)

    def __setstate__(self, state):
        raise ValueError("it changes a function")


_TENSOR = _Function(_make_tensor)
_SCALAR = _Function(_numpy_scalar)
_KNOWN = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch", "Size"): _Function(_make_size),
    ("torch._utils", "_rebuild_tensor"): _TENSOR,
    ("torch._utils", "_rebuild_tensor_v2"): _TENSOR,
    ("torch._utils", "_rebuild_parameter"): _Parameter,
    ("torch.nn.parameter", "Parameter"): _Parameter,
    ("numpy", "dtype"): _NumpyDtype,
    ("numpy.core.multiarray", "scalar"): _SCALAR,
    ("numpy._core.multiarray", "scalar"): _SCALAR,
    ("_codecs", "encode"): _Function(_encode),
    **{
        (module, name + kind): _Type(dtype)
        for name, dtype in _DTYPES.items()
        for module in ("torch", "torch.cuda")
        for kind in ("Storage", "Tensor")
    },
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, load):
        super().__init__(file, encoding="latin1")
        self.load_persistent = load

    def find_class(self, module, name):
        if (module, name) not in _KNOWN:
            raise ValueError(
                f"it asks for {module}.{name}, which no state dict needs, and "
                "is not read"
            )
        return _KNOWN[module, name]

    def persistent_load(self, saved):
        if self.load_persistent is None:
            raise ValueError("a tensor where none belongs")
        return self.load_persistent(saved)


def unpickle(file, load=None):
    """The next pickle of a file.

    Args:
        file: binary file; stands behind the pickle afterwards.
        load: gives the object that a persistent id stands for.
    """
    return _Unpickler(file, load).load()
