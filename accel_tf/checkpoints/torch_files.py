"""Reader of PyTorch files (`.pth`, `.pt`, `.pkl`), without PyTorch.

`torch.save` has had three formats: a tar file (before 0.1.2; torchvision's
`resnet18-5c106cde.pth` is one), pickles behind a magic number (until 1.5),
and a zip file. In each, a pickle describes the objects and refers to the
numbers, which lie beside it.

Published checkpoints come from strangers, and a pickle may name any function
to be called; see `torch_pickles.py` for how that is prevented here.
"""

import io
import os
import struct
import tarfile
import zipfile

from accel_tf.checkpoints.safe_pickles import check_key, shown
from accel_tf.checkpoints.sized_reader import SizedReader
from accel_tf.checkpoints.torch_pickles import (
    MAX_DIMENSIONS,
    Storage,
    Tensor,
    View,
    item_size,
    to_arrays,
    unpickle,
)
from accel_tf.messages import one_line

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_PIECE = 2**20


def is_torch_file(path):
    """Whether `path` starts as the files of `torch.save` do."""
    if not os.path.isfile(path):
        return False
    with SizedReader(path) as file:
        try:
            return _format(file) is not None
        except Exception:
            # A damaged archive can end in any of Python's errors.
            return False


def read_torch_file(path):
    """Reads what `torch.save` wrote, without running anything in it.

    Args:
        path: a state dict, or a dict that holds one among other things.

    Returns:
        The stored object: dicts (plain ones), lists, tuples, numbers and
        texts as they are, tensors and parameters as numpy arrays in
        PyTorch's axis order; bfloat16 becomes float32. Tensors that share
        numbers in the file, as tied weights do, share their memory.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no such file, is damaged or truncated, or holds
            objects other than these; names the first of them.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"no file {path}.")
    try:
        with SizedReader(path) as file:
            read = _format(file)
            if read is None:
                raise ValueError("not a PyTorch file, as torch.save writes")
            file.seek(0)
            return to_arrays(read(file))
    except OSError:
        raise
    except Exception as error:
        # A damaged pickle can end in any of Python's errors.
        known = type(error) is ValueError
        reason = one_line(error)
        if not known:
            reason = f"damaged or truncated ({type(error).__name__})"
        raise ValueError(f"{path}: {reason}.") from error


# === The formats ===


def _format(file):
    start = file.read(512)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
        return _read_zip if any(_is_description(n) for n in names) else None
    if start[257:262] == b"ustar":
        with tarfile.open(fileobj=file, mode="r:") as archive:
            names = set(archive.getnames())
        return _read_tar if {"storages", "tensors", "pickle"} <= names else None
    # The magic number as a pickle, after the protocol's version.
    mark = b"\x8a\x0a" + _MAGIC.to_bytes(10, "little") + b"."
    return _read_pickles if start[:1] == b"\x80" and mark in start else None


def _is_description(name):
    return name == "data.pkl" or name.endswith("/data.pkl")


def _read_zip(file):
    with zipfile.ZipFile(file) as archive:
        parts = _Parts(archive, file.size)
        if (
            parts.has("byteorder")
            and bytes(parts.content("byteorder")) != b"little"
        ):
            raise ValueError("its numbers are not little-endian")
        data, storages = {}, {}

        def load(saved):
            dtype, key, _, size = _storage_fields(saved, 4)
            if not isinstance(size, int):
                raise ValueError(f"a storage of {shown(size)} numbers")
            if key not in data:
                data[key] = parts.content(f"data/{key}")
            found, needed = len(data[key]), size * item_size(dtype)
            if found != needed:
                raise ValueError(
                    f"the part data/{key[:80]} has {found} bytes, not {needed}"
                )
            if (key, dtype) not in storages:
                storages[key, dtype] = Storage(dtype, data[key])
            return storages[key, dtype]

        return unpickle(io.BytesIO(parts.content("data.pkl")), load)


def _storage_fields(saved, count):
    """dtype, key and what else a persistent id says of a storage."""
    if not isinstance(saved, tuple) or len(saved) != 1 + count:
        raise ValueError(f"unknown object {shown(saved)}")
    kind, dtype, key, *others = saved
    if kind != "storage":
        raise ValueError(f"unknown object {shown(kind)}")
    check_key(key)
    return dtype.dtype, str(key), *others


class _Parts:
    """The parts of a zip file, which together are no larger than it.

    Args:
        archive: `zipfile.ZipFile`.
        size: bytes of the file.
    """

    def __init__(self, archive, size):
        self._archive = archive
        self._left = size
        self._entries = {each.filename: each for each in archive.infolist()}
        name = next(filter(_is_description, self._entries))
        self._folder = name.removesuffix("data.pkl")

    def has(self, name):
        return self._folder + name in self._entries

    def content(self, name):
        """bytearray of a part."""
        entry = self._entries.get(self._folder + name)
        if entry is None:
            raise ValueError(f"the part {name[:80]} is missing")
        # Without these a small file could ask for any amount of memory.
        if entry.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"the part {name[:80]} is compressed")
        self._left -= entry.file_size
        if self._left < 0:
            raise ValueError("its parts are larger than the file")
        with self._archive.open(entry) as source:
            return _filled(source, entry.file_size)


def _read_pickles(file):
    magic, protocol, system = (unpickle(file) for _ in range(3))
    if magic != _MAGIC or protocol != _PROTOCOL:
        raise ValueError(f"unknown version {shown(protocol)} of the format")
    if not system["little_endian"]:
        raise ValueError("its numbers are not little-endian")
    storages = {}

    def load(saved):
        dtype, key, _, _, view = _storage_fields(saved, 5)
        storage = storages.setdefault(key, Storage(dtype))
        return storage if view is None else View(storage, view[1])

    result = unpickle(file, load)
    for key in unpickle(file):
        check_key(key)
        storage = storages.get(str(key))
        if storage is None:
            raise ValueError(f"storage {str(key)[:80]} has no dtype")
        storage.data = _read_numbers(file, storage.dtype, file.size)
    return result


def _read_tar(file):
    with tarfile.open(fileobj=file, mode="r:") as archive:

        def part(name):
            member = archive.getmember(name)
            # What is sparse has zeros that the file does not hold.
            if not member.isreg() or member.issparse():
                raise ValueError(f"the part {name} is no file")
            if member.size > file.size:
                raise ValueError(f"truncated: {name} has {member.size} bytes")
            return io.BytesIO(archive.extractfile(member).read())

        source = part("storages")
        size = source.getbuffer().nbytes
        storages, tensors = {}, {}
        for _ in range(unpickle(source)):
            key, _, dtype = unpickle(source)
            check_key(key)
            storages[key] = Storage(
                dtype.dtype, _read_numbers(source, dtype.dtype, size)
            )
        for key, root, offset, _ in unpickle(source):
            check_key(key)
            check_key(root)
            storages[key] = View(storages[root], offset)

        source = part("tensors")
        for _ in range(unpickle(source)):
            key, storage, _ = unpickle(source)
            check_key(key)
            check_key(storage)
            # Eight bytes, of which only the first four were ever filled.
            (rank,) = struct.unpack("<i4x", source.read(8))
            if not 0 <= rank <= MAX_DIMENSIONS:
                raise ValueError(f"a tensor of {rank} dimensions")
            numbers = struct.unpack(
                f"<{2 * rank + 1}q", source.read(16 * rank + 8)
            )
            tensors[key] = Tensor(
                storages[storage],
                numbers[-1],
                numbers[:rank],
                numbers[rank : 2 * rank],
            )

        def load(key):
            check_key(key)
            return tensors[int(key)]

        return unpickle(part("pickle"), load)


def _read_numbers(file, dtype, file_size):
    (count,) = struct.unpack("<q", file.read(8))
    length = count * item_size(dtype)
    if not 0 <= length <= file_size - file.tell():
        raise ValueError(f"truncated: {length} bytes of numbers are missing")
    return _filled(file, length)


def _filled(source, size):
    """bytearray of the next `size` bytes of a binary file.

    Arrays that look at it can be written to; PyTorch wants that of those that
    it takes.
    """
    data = bytearray(size)
    view = memoryview(data)
    done = 0
    while done < size:
        piece = source.readinto(view[done : done + _PIECE])
        if not piece:
            raise ValueError(f"truncated: {size - done} bytes are missing")
        done += piece
    return data
