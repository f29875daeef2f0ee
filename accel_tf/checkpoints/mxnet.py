"""Reader and writer of MXNet `.params` files (NDArray lists), numpy only.

A file is a list of arrays followed by a list of names, little endian:

    u64 0x112 | u64 reserved | u64 count | arrays | u64 count | names

Each array names its own layout in its first four bytes: "legacy" (the oldest
MXNet), "v1", "v2" (dense or sparse) or "v3" (numpy shapes, where an array
without dimensions is a scalar; elsewhere it is an array never filled).
Source: `NDArray::Save` and `NDArray::Load` in MXNet's src/ndarray/ndarray.cc.

Published checkpoints come from strangers: every length in a file is compared
with the bytes that remain before memory is reserved for it.
"""

import math
import os
import pathlib
import secrets
import struct
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np

_FILE_MARK = 0x112
_V1_MARK = 0xF993FAC8
_V2_MARK = 0xF993FAC9
_V3_MARK = 0xF993FACA
# The fields before the number of dimensions, in the layouts that we write.
_LAYOUT_FIELDS = {"legacy": (), "v1": (_V1_MARK,), "v2": (_V2_MARK, 0)}
_DENSE = 0
_CPU = 1

_DTYPE_NAMES = {
    0: "float32",
    1: "float64",
    2: "float16",
    3: "uint8",
    4: "int32",
    5: "int8",
    6: "int64",
    7: "bool",
    12: "bfloat16",
}
# numpy has no bfloat16, and its bool breaks on bytes other than 0 and 1.
_STORED_AS = {"bool": "uint8", "bfloat16": "uint16"}
_WRITABLE_CODES = {
    name: code for code, name in _DTYPE_NAMES.items() if name != "bfloat16"
}

_MAX_DIMENSIONS = 32  # numpy 1's own limit
# An empty array takes 4 bytes in a file and some 200 in memory: without a
# limit, a file of zeros could ask for 50 times its own size.
_MAX_ARRAYS = 100_000


def is_mxnet_params(path: str | os.PathLike) -> bool:
    """Says whether `path` is a file that starts as MXNet `.params` files do.

    Only the first 8 bytes are read; the file's name does not matter. Anything
    that is not a regular file (missing, a directory) gives False.
    """
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(8) == struct.pack("<Q", _FILE_MARK)


def read_params(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Reads every array of an MXNet `.params` file.

    Args:
        path: A file written by `mx.nd.save`, `mx.model.save_checkpoint` or
            `write_params`.

    Returns:
        Name to array in file order, names as stored (`arg:conv1_weight`), or
        "0", "1", ... where the file has none. Arrays keep MXNet's axis order
        and their dtype, except that bfloat16 becomes float32. An array that
        was never filled is float32 of shape (0,).

    Raises:
        FileNotFoundError: No such file.
        OSError: `path` is a directory or cannot be opened.
        ValueError: Not a `.params` file, damaged, truncated, sparse, or with
            repeated names; the message says which array and at which byte.
    """
    path = os.fspath(path)
    _check_readable(path)
    with open(path, "rb") as file:
        source = _Source(file, path)
        count = _read_count(source)
        arrays = []
        for index in range(count):
            source.part = f"array {index} of {count}"
            arrays.append(_read_array(source))
        names = _read_names(source, count)
        source.check_finished()
    return dict(zip(names, arrays, strict=True))


def write_params(
    path: str | os.PathLike,
    arrays: Mapping[str, np.ndarray],
    layout: str = "v2",
) -> None:
    """Writes arrays as an MXNet `.params` file that `mx.nd.load` reads.

    The input is checked before anything is written, and the file appears
    under its name only when it is complete.

    Args:
        path: The file to write; an existing one is replaced.
        arrays: Name to array, in the order to write: float16, float32,
            float64, uint8, int8, int32, int64 or bool, in any memory order.
            Scalars and arrays without elements are refused, because
            `mx.nd.load` fails on them in these layouts.
        layout: "legacy", "v1" or "v2", from the oldest MXNet to the newest.

    Raises:
        FileNotFoundError: The folder to write into does not exist.
        IsADirectoryError: `path` is a directory.
        ValueError: An unknown layout, a name that is not text, or an array
            that the layout cannot hold.
    """
    path = pathlib.Path(path)
    if layout not in _LAYOUT_FIELDS:
        raise ValueError(
            f"unknown layout {layout!r}; use one of {', '.join(_LAYOUT_FIELDS)}"
        )
    encoded_names = [_encode_name(name) for name in arrays]
    for name, array in arrays.items():
        _check_writable(name, array, layout)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory; give a file to write")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"no such folder to write into: {path.parent}")

    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(struct.pack("<3Q", _FILE_MARK, 0, len(arrays)))
            for array in arrays.values():
                _write_array(file, array, layout)
            file.write(struct.pack("<Q", len(arrays)))
            for encoded in encoded_names:
                file.write(struct.pack("<Q", len(encoded)) + encoded)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


class _Source:
    """A file being read, with what is needed to say where it is damaged."""

    def __init__(self, file: BinaryIO, path: str):
        self.part = "header"
        self._file = file
        self._path = path
        self._remaining = os.fstat(file.fileno()).st_size
        self._next = 0
        self._field_start = 0

    def error(self, problem: str) -> ValueError:
        """The error to raise about the field that was read last."""
        where = f"{self.part}, byte {self._field_start}"
        return ValueError(f"{self._path}: {where}: {problem}")

    def require(self, size: int, field: str) -> None:
        """Begins a field: raises unless the file still has `size` bytes."""
        self._field_start = self._next
        if size > self._remaining:
            raise self.error(
                f"{field} needs {size} bytes but {self._remaining} remain; "
                "the file is truncated or damaged"
            )

    def read(self, size: int, field: str) -> bytes:
        self.require(size, field)
        data = self._file.read(size)
        self._advance(len(data), size)
        return data

    def unpack(self, layout: str, field: str) -> tuple[int, ...]:
        size = struct.calcsize("<" + layout)
        return struct.unpack("<" + layout, self.read(size, field))

    def fill(self, array: np.ndarray) -> None:
        """Reads straight into a contiguous array, without a second copy."""
        got = self._file.readinto(array.reshape(-1).view(np.uint8))
        self._advance(got, array.nbytes)

    def check_finished(self) -> None:
        self.part = "end"
        self._field_start = self._next
        if self._remaining:
            raise self.error(f"{self._remaining} bytes follow the last name")

    def _advance(self, got: int, size: int) -> None:
        if got != size:
            raise self.error("the file shrank while it was read")
        self._next += size
        self._remaining -= size


def _check_readable(path: str) -> None:
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path} is a directory, not a .params file")
    if not os.path.exists(path):
        raise FileNotFoundError(f"no such MXNet .params file: {path}")
    if not os.path.isfile(path):
        # Opening a pipe would wait for ever, and a device has no size.
        raise ValueError(f"{path} is not a regular file")


def _read_count(source: _Source) -> int:
    (mark,) = source.unpack("Q", "the file mark")
    if mark != _FILE_MARK:
        raise source.error(
            f"not an MXNet .params file: starts with {mark:#x}, not 0x112"
        )
    source.unpack("Q", "the reserved field")
    (count,) = source.unpack("Q", "the number of arrays")
    if count > _MAX_ARRAYS:
        raise source.error(f"claims {count} arrays, more than {_MAX_ARRAYS}")
    return count


def _read_array(source: _Source) -> np.ndarray:
    shape = _read_shape(source)
    if shape is None:
        return np.empty((0,), np.float32)
    source.unpack("ii", "the device")
    (code,) = source.unpack("i", "the dtype")
    if code not in _DTYPE_NAMES:
        raise source.error(f"unknown dtype code {code}")
    name = _DTYPE_NAMES[code]
    stored = np.dtype(_STORED_AS.get(name, name))
    source.require(math.prod(shape) * stored.itemsize, f"{name} data {shape}")
    array = np.empty(shape, stored)
    source.fill(array)
    return _decode(array, name)


def _read_shape(source: _Source) -> tuple[int, ...] | None:
    """Reads an array's layout and shape; None for an array never filled."""
    (mark,) = source.unpack("I", "the layout mark")
    extent_type = "q"
    if mark in (_V2_MARK, _V3_MARK):
        (storage,) = source.unpack("i", "the storage type")
        if storage != _DENSE:
            kind = {1: "row_sparse", 2: "csr"}.get(storage, "unknown")
            raise source.error(
                f"storage type {storage} ({kind}); only dense (0) can be read"
            )
        (dimensions,) = source.unpack("i", "the number of dimensions")
    elif mark == _V1_MARK:
        (dimensions,) = source.unpack("I", "the number of dimensions")
    else:
        dimensions, extent_type = mark, "I"
    if mark == _V3_MARK and dimensions == -1:
        raise source.error("unknown shape: saved before it was initialised")
    if not 0 <= dimensions <= _MAX_DIMENSIONS:
        raise source.error(
            f"claims {dimensions} dimensions; 0 to {_MAX_DIMENSIONS} can be"
        )
    if dimensions == 0 and mark != _V3_MARK:
        return None
    shape = source.unpack(f"{dimensions}{extent_type}", "the shape")
    if min(shape, default=0) < 0:
        raise source.error(f"negative dimension in shape {shape}")
    # numpy multiplies the other extents even where one of them is zero.
    if math.prod(max(extent, 1) for extent in shape) >= 2**59:
        raise source.error(f"the size of shape {shape} overflows 64 bits")
    return shape


def _decode(array: np.ndarray, name: str) -> np.ndarray:
    if name == "bool":
        return array.astype(bool)
    if name == "bfloat16":  # the upper half of a float32
        bits = array.astype(np.uint32)
        bits <<= 16
        return bits.view(np.float32)
    return array


def _read_names(source: _Source, count: int) -> list[str]:
    source.part = "list of names"
    (name_count,) = source.unpack("Q", "the number of names")
    if name_count == 0:
        return [str(index) for index in range(count)]
    if name_count != count:
        raise source.error(f"{name_count} names for {count} arrays")
    names = {}
    for index in range(count):
        source.part = f"name {index} of {count}"
        (length,) = source.unpack("Q", "the length")
        encoded = source.read(length, "the text")
        try:
            name = encoded.decode("utf-8")
        except UnicodeDecodeError as error:
            raise source.error(f"not UTF-8: {encoded[:80]!r}") from error
        if name in names:
            raise source.error(f"duplicate name {name[:80]!r}")
        names[name] = index
    return list(names)


def _encode_name(name: str) -> bytes:
    if not isinstance(name, str):
        raise ValueError(f"name {name!r} is not a string")
    try:
        return name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"name {name!r} is not valid text") from error


def _check_writable(name: str, array: np.ndarray, layout: str) -> None:
    problem = None
    if not isinstance(array, np.ndarray):
        problem = f"is a {type(array).__name__}, not a numpy array"
    elif array.dtype.name not in _WRITABLE_CODES:
        known = ", ".join(_WRITABLE_CODES)
        problem = f"has dtype {array.dtype}; use one of {known}"
    elif array.ndim == 0:
        problem = "is a scalar, which MXNet cannot hold; reshape it to (1,)"
    elif array.ndim > _MAX_DIMENSIONS:
        problem = f"has {array.ndim} dimensions, more than {_MAX_DIMENSIONS}"
    elif array.size == 0:
        problem = f"has no elements (shape {array.shape}); leave it out"
    elif layout == "legacy" and max(array.shape) >= 2**32:
        problem = f"has shape {array.shape}; legacy dimensions end at 2**32 - 1"
    if problem:
        raise ValueError(f"array {name!r} {problem}")


def _write_array(file: BinaryIO, array: np.ndarray, layout: str) -> None:
    name = array.dtype.name
    fields = (*_LAYOUT_FIELDS[layout], array.ndim)
    extent_type = "I" if layout == "legacy" else "q"
    form = f"<{len(fields)}I{array.ndim}{extent_type}3i"
    device_and_dtype = (_CPU, 0, _WRITABLE_CODES[name])
    file.write(struct.pack(form, *fields, *array.shape, *device_and_dtype))
    data = np.ascontiguousarray(array, dtype=_STORED_AS.get(name, name))
    file.write(data.reshape(-1).view(np.uint8))
