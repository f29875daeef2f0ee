"""Files of weights, as strangers may have made them."""

import functools
import io
import os
import pathlib
import tempfile
import zipfile

import numpy as np
import pytest
from fuzz.target import Target
from torch_file_writing import (
    Stored,
    legacy_tar,
    pickled,
    pickles_file,
    pretend_torch,
    stored,
    zip_file,
)

from accel_tf.checkpoints import mxnet
from accel_tf.checkpoints.npz_files import read_npz
from accel_tf.checkpoints.numpy_files import read_numpy_dict
from accel_tf.checkpoints.torch_files import is_torch_file, read_torch_file
from accel_tf.checkpoints.torch_pickles import Storage, to_arrays, unpickle

_STEPS = (
    b"( ) 0 1 2 . ] } N Q R a b c d e l o p s t u \x80\x02 \x81 \x85 \x86 \x87 "
    b"\x88 \x8a\x01\x05 \x8c\x01a \x8e \x8f \x90 \x93 \x94 \x95 q\x00 h\x00 "
    b"r\xff\xff\xff\x7f K\x01 J\xff\xff\xff\xff U\x01a X\x01\x00\x00\x00a "
    b"ctorch\nFloatStorage\n ccollections\nOrderedDict\n c_codecs\nencode\n "
    b"ctorch._utils\n_rebuild_tensor_v2\n ctorch._utils\n_rebuild_parameter\n "
    b"cnumpy\ndtype\n cnumpy.core.multiarray\nscalar\n "
    b"cnumpy.core.multiarray\n_reconstruct\n cnumpy\nndarray\n"
)
WORDS = tuple(_STEPS.split(b" "))


@functools.cache
def _folder():
    # In memory where that can be: a disk would be most of the work. It is
    # removed when the process ends.
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    return tempfile.TemporaryDirectory(prefix="fuzz-", dir=place)


def reading(read, look=lambda result: None):
    """A function that reads bytes as a file.

    Args:
        read: function of the path, which may raise a `ValueError` of one
            line.
        look: called with what it gave.
    """
    path = pathlib.Path(_folder().name) / "input"

    def run(data):
        path.write_bytes(data)
        try:
            result = read(path)
        except ValueError as error:
            assert "\n" not in str(error) and str(error), error
            return "refused"
        look(result)
        return "read"

    return run


# === PyTorch ===


def _state():
    numbers = np.arange(24, dtype="float32")
    return {
        "a.weight": stored(numbers.reshape(2, 3, 4)),
        "a.bias": Stored(numbers, (2, 2), (12, 1), 5, parameter=True),
        "flags": stored(numbers > 3),
        "rounded": stored(numbers.astype("uint16")),
        "epoch": 7,
        "best": np.float64(0.5),
        "lists": [(1, 2.5), None, True, {"b": b"bytes"}],
    }


@functools.cache
def _written():
    with pytest.MonkeyPatch.context() as patch:
        pretend_torch(patch)
        whole = zip_file(_state())
        return whole, pickles_file(_state()), legacy_tar()


@functools.cache
def _pickles():
    whole = _written()[0]
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        own = archive.read("archive/data.pkl")
    return [own, pickled({"a": [1, "text"]}), b"\x80\x02]q\x00(h\x00h\x00e."]


def look_at_tensors(result):
    """Whatever was read is of plain types, and can be looked at."""
    seen, waiting = set(), [result]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
        elif isinstance(value, np.ndarray):
            if value.size:
                assert value.flat[0] is not None
                assert value.flat[value.size - 1] is not None
        else:
            plain = str | bytes | int | float | None
            assert isinstance(value, plain), type(value)


_read_torch = reading(read_torch_file, look_at_tensors)


def _run_pth(data):
    outcome = _read_torch(data)
    path = pathlib.Path(_folder().name) / "input"
    assert is_torch_file(path) or outcome == "refused"
    return outcome


def _run_pickle(data):
    """Reads a pickle as one of PyTorch's, whose numbers are all there."""
    numbers = Storage("<f4", bytearray(96))
    try:
        result = to_arrays(unpickle(io.BytesIO(data), lambda saved: numbers))
    except Exception as error:
        # The reader of a file makes a ValueError of any.
        assert not isinstance(error, MemoryError | AssertionError), error
        return "refused"
    look_at_tensors(result)
    return "read"


PICKLE = Target(
    _run_pickle,
    _pickles,
    words=WORDS,
)
PTH = Target(
    _run_pth,
    lambda: list(_written()),
    words=(*WORDS, b"PK\x01\x02", b"PK\x05\x06", b"data.pkl", b"ustar"),
)

# === NumPy and MXNet ===


def _npy():
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.arange(3), "c": 2}
    file = io.BytesIO()
    np.save(file, arrays, allow_pickle=True)
    old = b"\x93NUMPY\x01\x00v\x00" + file.getvalue()[10:128]
    return [file.getvalue(), old + pickled(arrays)]


def _npz():
    file = io.BytesIO()
    np.savez(file, a=np.arange(6.0), b=np.array("text"), c=np.array(3))
    return [file.getvalue()]


def _params():
    arrays = {
        "arg:w": np.arange(6, dtype="float16").reshape(1, 2, 3),
        "aux:größe": np.arange(4) > 1,
    }
    path = pathlib.Path(_folder().name) / "seed"
    seeds = []
    for layout in ("legacy", "v1", "v2"):
        mxnet.write_params(path, arrays, layout)
        seeds.append(path.read_bytes())
    return seeds


def _write_again(arrays):
    """What was read, and MXNet can hold, is the same after writing."""
    arrays = {name: each for name, each in arrays.items() if each.size}
    if not all(each.ndim for each in arrays.values()):
        return
    path = pathlib.Path(_folder().name) / "again"
    mxnet.write_params(path, arrays)
    for name, array in mxnet.read_params(path).items():
        assert array.dtype == arrays[name].dtype
        assert array.shape == arrays[name].shape
        assert array.tobytes() == arrays[name].tobytes()


NPY = Target(
    reading(read_numpy_dict, look_at_tensors),
    _npy,
    words=WORDS,
)
NPZ = Target(
    reading(read_npz, look_at_tensors),
    _npz,
    words=(b"<f8", b"(6,)", b"'shape': (999999999,)", b"PK\x01\x02"),
)
PARAMS = Target(
    reading(mxnet.read_params, _write_again),
    _params,
    words=(b"\xc8\xfa\x93\xf9", b"\xc9\xfa\x93\xf9", b"\xca\xfa\x93\xf9"),
)
