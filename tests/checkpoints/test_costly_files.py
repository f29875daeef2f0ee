"""Small files that stand for much work or memory."""

import io
import struct
import time
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest
from torch_file_writing import Stored, pretend_torch, saved, stored, zip_file

from accel_tf.checkpoints import safe_pickles
from accel_tf.checkpoints.keras_files import check_claims
from accel_tf.checkpoints.npz_files import read_npz
from accel_tf.checkpoints.numpy_files import read_numpy_dict
from accel_tf.checkpoints.torch_files import is_torch_file, read_torch_file
from accel_tf.distill.arrays_file import read_arrays
from accel_tf.models.keras_files import read_keras_file


@pytest.fixture(autouse=True)
def fake_torch(monkeypatch):
    pretend_torch(monkeypatch)


def cost(function, *args):
    """`(what it gave or its error, peak of memory in bytes)`, at once."""
    start = time.process_time()
    tracemalloc.start()
    try:
        result = function(*args)
    except ValueError as error:
        assert "\n" not in str(error)
        result = error
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert time.process_time() - start < 2
    return result, peak


def with_pickle(steps):
    """A PyTorch file of today's format around a pickle's steps."""
    return zip_file(1, **{"data.pkl": b"\x80\x02" + steps + b"."})


# === Pickles ===


def test_tensors_of_one_storage_are_views_of_it(tmp_path):
    numbers = np.arange(100_000, dtype="float32")
    tensors = {
        f"t{i}": Stored(numbers, (9, 10_000), (10_000, 1), offset=i)
        for i in range(300)
    }
    path = saved(tmp_path, zip_file(tensors))
    result, peak = cost(read_torch_file, path)
    assert peak < 4 * path.stat().st_size
    for i in (0, 299):
        expected = numbers[i : i + 90_000].reshape(9, 10_000)
        np.testing.assert_array_equal(result[f"t{i}"], expected)
    # Numbers that are not stored as they are used, are made once.
    rounded = {"a": numbers.astype("uint16"), "b": numbers > 3}
    for numbers in rounded.values():
        many = [Stored(numbers, numbers.shape, (1,)) for _ in range(300)]
        path = saved(tmp_path, zip_file(many))
        assert cost(read_torch_file, path)[1] < 6 * path.stat().st_size


def test_tied_weights_are_one_array(tmp_path):
    tied = Stored(np.arange(6.0), (2, 3), (3, 1))
    result = read_torch_file(saved(tmp_path, zip_file([tied, tied])))
    assert result[0] is result[1]


def test_a_place_in_the_table_costs_no_table(tmp_path):
    steps = b"}r" + struct.pack("<I", 2**27)
    result, peak = cost(read_torch_file, saved(tmp_path, with_pickle(steps)))
    assert result == {} and peak < 50_000


def twice(depth):
    """A list that holds one twice, which holds one twice, ..."""
    steps = b"]q\x00"
    for level in range(1, depth):
        steps += b"]q%c(h%ch%ce" % (level, level - 1, level - 1)
    return steps


TUPLES = b"K\x01K\x01\x86" + b"2\x86" * 40  # (1, 1), each twice in the next
STORAGE = b"(U\x07storagectorch\nFloatStorage\n%sU\x03cpuK\x01tQ"
TEXT = b"X" + struct.pack("<I", 100_000) + bytes(100_000)
ENCODE = b"c_codecs\nencode\nq\x00"
KEY = "a dict has a key that is no text or number"
COPIES = "it copies its texts over and over"
REFUSED = {
    "key": (b"}" + TUPLES + b"K\x01s", KEY),
    "keys": (b"}(" + TUPLES + b"K\x01u", KEY),
    "dict": (b"(" + TUPLES + b"K\x01d", KEY),
    "ordered dict": (
        b"ccollections\nOrderedDict\n]" + TUPLES + b"K\x01\x86a\x85R",
        KEY,
    ),
    "storage": (STORAGE % TUPLES, KEY),
    "set": (b"\x8f(" + TUPLES + b"\x90", "it holds a set"),
    "what is stored": (TUPLES + b"Q", "unknown object a tuple"),
    "kind": (b"(" + TUPLES + b"NK\x01NNtQ", "unknown object a tuple"),
    "texts": (ENCODE + TEXT + b"\x85q\x01" + b"h\x00h\x01R" * 900, COPIES),
    "numbers": (b"\x8b" + struct.pack("<i", 2**30), "a number of 1073741824"),
    "text": (b"\x8d" + struct.pack("<Q", 2**40), "truncated"),
    "bytes": (b"\x96" + struct.pack("<Q", 2**40), "truncated"),
    "frame": (b"\x95" + struct.pack("<Q", 2**40), "truncated"),
    "deep": (b"]" * 5_000 + b"a" * 4_999, "nested more than 100 deep"),
    "itself": (b"]q\x00h\x00a", "it holds itself"),
    "steps": (b"}0" * 2_000, "a pickle of more than 3000 steps"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_costly_pickles_are_refused(name, tmp_path, monkeypatch):
    if name == "steps":
        monkeypatch.setattr(safe_pickles, "MOST_STEPS", 3_000)
    steps, expected = REFUSED[name]
    path = saved(tmp_path, with_pickle(steps))
    result, peak = cost(read_torch_file, path)
    assert expected in str(result)
    assert peak < 100 * len(steps) + 500_000


def test_lists_that_hold_the_same_twice_are_gone_through_once(tmp_path):
    path = saved(tmp_path, with_pickle(twice(60)))
    result, peak = cost(read_torch_file, path)
    assert result[0] is result[1] and peak < 100_000


def test_numpy_files(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.arange(3)}
    path = tmp_path / "dict.npy"
    np.save(path, arrays, allow_pickle=True)
    for name, array in read_numpy_dict(path).items():
        np.testing.assert_array_equal(array, arrays[name], strict=True)
    header = path.read_bytes()[:128]
    array = b"cnumpy\nndarray\n)R(K\x01" + TUPLES + b"cnumpy\ndtype\nU\x02f4"
    path.write_bytes(header + b"\x80\x02" + array + b"\x85R\x89U\x00tb.")
    assert "an impossible shape" in str(cost(read_numpy_dict, path)[0])
    path.write_bytes(header[:6] + b"\x02\x00\xff\xff\xff\xff" + header)
    result, peak = cost(read_numpy_dict, path)
    assert isinstance(result, ValueError) and peak < 500_000


# === Archives ===


def overlapping(content, count):
    """A zip file whose parts are all the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", content)
        (entry,) = archive.infolist()
        archive.filelist += [entry] * count
    return file.getvalue()


def test_parts_are_no_larger_than_the_file(tmp_path):
    numbers = np.arange(50_000, dtype="float32")
    content = zip_file({"a": stored(numbers)})
    # The size of the part, at both of its places, becomes a gigabyte.
    size = struct.pack("<I", numbers.nbytes) * 2
    content = content.replace(size, struct.pack("<I", 2**30) * 2)
    result, peak = cost(read_torch_file, saved(tmp_path, content))
    assert isinstance(result, ValueError) and peak < 2_000_000
    path = tmp_path / "many.npz"
    path.write_bytes(overlapping(bytes(100_000), 100))
    result, peak = cost(read_npz, path)
    assert isinstance(result, ValueError) and peak < 1_000_000


def test_npz_files(tmp_path):
    path = tmp_path / "arrays.npz"
    arrays = {"a": np.arange(6.0), "b": np.array("text"), "c": np.array(3)}
    np.savez(path, **arrays)
    for name, array in read_npz(path).items():
        np.testing.assert_array_equal(array, arrays[name], strict=True)
    np.savez_compressed(path, a=np.zeros(10**6))
    assert "'a.npy' is compressed" in str(cost(read_npz, path)[0])
    np.savez(path, a=np.array([{}]))
    assert "'a.npy' holds no numbers" in str(cost(read_npz, path)[0])
    header = io.BytesIO()
    of_gigabytes = {"descr": "<f8", "fortran_order": False, "shape": (2**30,)}
    np.lib.format.write_array_header_1_0(header, of_gigabytes)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.npy", header.getvalue())
    result, peak = cost(read_npz, path)
    assert "claims 8589934592 bytes of numbers and has 0" in str(result)
    assert peak < 500_000
    kinds = {"weights": (np.dtype("float64"), 1)}
    with pytest.raises(ValueError, match="arrays.npz is damaged, or holds"):
        read_arrays(path, kinds)


@pytest.mark.parametrize("kind", ["shape", "chunk", "packed"])
def test_keras_files(kind, tmp_path):
    """Numbers that are nowhere, and those that are all the same."""
    path = tmp_path / "a.weights.h5"
    with h5py.File(path, "w") as file:
        options = {"dtype": "f4"}
        if kind == "chunk":
            options |= {"chunks": (2**28,), "maxshape": (None,)}
        elif kind == "packed":
            options |= {"data": np.zeros(2**21, "f4"), "compression": "gzip"}
        shape = {"shape": (2**30,), "chunk": (3,), "packed": (2**21,)}[kind]
        file.create_dataset("layers/dense/vars/0", shape, **options)
        file["layers/dense/vars/1"] = np.arange(3.0)
    result, peak = cost(check_claims, path)
    assert "bytes of numbers, more than" in str(result)
    assert peak < 500_000
    whole = tmp_path / "a.keras"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.write(path, "model.weights.h5")
    result, peak = cost(read_keras_file, whole)
    assert "a.keras is not a .keras model: it claims" in str(result)
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", bytes(10**7))
    result, peak = cost(read_keras_file, whole)
    assert "it claims 10000000 bytes" in str(result) and peak < 500_000


def test_a_tar_file_with_holes_is_refused(tmp_path):
    """Its zeros are not in the file."""
    parts = b""
    for name in (b"storages", b"tensors", b"pickle"):
        header = bytearray(512)
        header[: len(name)] = name
        header[124:136] = b"00000000000\0"
        header[156:157] = b"S"
        header[257:265] = b"ustar  \0"
        header[483:495] = b"77777777777\0"
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        parts += header
    path = saved(tmp_path, parts + bytes(1024))
    assert is_torch_file(path)
    result, peak = cost(read_torch_file, path)
    assert "the part storages is no file" in str(result) and peak < 500_000
