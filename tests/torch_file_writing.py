"""PyTorch files of all three formats, written without PyTorch."""

import collections
import io
import pickle
import struct
import sys
import tarfile
import types
import zipfile

import numpy as np

NAMES = dict(float32="Float", float64="Double", float16="Half", int64="Long")
NAMES |= dict(int32="Int", int16="Short", int8="Char", uint8="Byte")
NAMES |= dict(bool="Bool", uint16="BFloat16")  # 16 bits, whatever they mean


class Stored:
    """A tensor: some numbers of a storage."""

    def __init__(self, numbers, size, stride, offset=0, parameter=False):
        self.numbers = numbers
        self.layout = (offset, tuple(size), tuple(stride))
        self.parameter = parameter

    def __reduce__(self):
        tensor = (self.numbers, *self.layout, False, collections.OrderedDict())
        utils = sys.modules["torch._utils"]
        if not self.parameter:
            return utils._rebuild_tensor_v2, tensor
        plain = Stored(self.numbers, *self.layout[1:], self.layout[0])
        hooks = collections.OrderedDict()
        return utils._rebuild_parameter, (plain, True, hooks)


def stored(array, parameter=False):
    steps = [step // array.itemsize for step in array.strides]
    numbers = array.base if array.base is not None else array
    return Stored(numbers.ravel("K"), array.shape, steps, parameter=parameter)


def _reduce_size(size):
    return type(size), (tuple(size),)


def pretend_torch(monkeypatch):
    """Puts in place what a pickler needs to write PyTorch's names."""

    def module(name, **members):
        made = types.ModuleType(name)
        for key, value in members.items():
            value.__module__, value.__qualname__ = name, key
            setattr(made, key, value)
        monkeypatch.setitem(sys.modules, name, made)

    storages = {f"{name}Storage": type(name, (), {}) for name in NAMES.values()}
    size = type("Size", (tuple,), {"__reduce__": _reduce_size})
    module("torch", Size=size, **storages)
    functions = ("_rebuild_tensor_v2", "_rebuild_parameter", "_steal")
    module(
        "torch._utils",
        **{n: types.FunctionType(stored.__code__, {}) for n in functions},
    )


class Pickler(pickle.Pickler):
    """Puts numbers beside the pickle and an id into it."""

    def __init__(self, file, tail=()):
        super().__init__(file, protocol=2)
        self.storages = {}
        self.tail = tail

    def persistent_id(self, value):
        if not isinstance(value, np.ndarray):
            return None
        key = str(id(value))
        self.storages[key] = value
        kind = getattr(
            sys.modules["torch"], NAMES[value.dtype.name] + "Storage"
        )
        return ("storage", kind, key, "cpu", value.size, *self.tail)


def pickled(value):
    return pickle.dumps(value, protocol=2)


def zip_file(value, folder="archive/", **changes):
    text = io.BytesIO()
    pickler = Pickler(text)
    pickler.dump(value)
    parts = {"data.pkl": text.getvalue(), "version": b"3\n"}
    for key, numbers in pickler.storages.items():
        parts[f"data/{key}"] = numbers.tobytes()
    parts |= changes
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(folder + name, content)
    return file.getvalue()


def pickles_file(value, little_endian=True):
    text = io.BytesIO()
    pickler = Pickler(text, tail=(None,))
    pickler.dump(value)
    start = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": little_endian})
    content = b"".join(map(pickled, start)) + text.getvalue()
    content += pickled(sorted(pickler.storages))
    for _, numbers in sorted(pickler.storages.items()):
        content += struct.pack("<q", numbers.size) + numbers.tobytes()
    return content


WRITERS = {"zip": zip_file, "pickles": pickles_file}


def saved(folder, content):
    path = folder / "weights.pth"
    path.write_bytes(content)
    return path


def legacy_tar():
    """As PyTorch 0.1.1 wrote it: opcodes by hand, it names lost classes."""
    numbers = np.arange(10, dtype="float32")
    kind = b"ctorch\nFloatStorage\n"

    def entry(*items):
        return b"\x80\x02(" + b"".join(items) + b"t."

    def number(value):
        return b"J" + struct.pack("<i", value)

    storages = pickled(1) + entry(number(11), b"U\x03cpu", kind)
    storages += struct.pack("<q", 10) + numbers.tobytes()
    storages += pickled([(12, 11, 4, 6)])  # a view of the last six
    tensors = pickled(2)
    for key, storage, size, stride, offset in (
        (21, 11, (2, 3), (1, 2), 1),
        (22, 12, (2,), (1,), 3),
    ):
        tensors += entry(number(key), number(storage), b"ctorch\nFloatTensor\n")
        tensors += struct.pack("<ii", len(size), -1)  # half is garbage
        tensors += struct.pack(f"<{len(size) * 2}q", *size, *stride)
        tensors += struct.pack("<q", offset)
    state = b"\x80\x02ccollections\nOrderedDict\n)R(U\x06weight"
    # A Parameter: made by its class, filled by its state.
    state += b"ctorch.nn.parameter\nParameter\n)\x81(U\x0221QNN\x88\x89tb"
    state += b"U\x04meanU\x0222Qu."
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in {
            "sys_info": pickled({}),
            "pickle": state,
            "tensors": tensors,
            "storages": storages,
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()
