"""MXNet `.params` files: layouts, dtypes, and files that lie."""

import os
import resource
import struct
import tracemalloc

import numpy as np
import pytest

from accel_tf.checkpoints import mxnet

CODES = dict(float32=0, float64=1, float16=2, uint8=3)
CODES |= dict(int32=4, int8=5, int64=6, bool=7)
MARKS = {
    "legacy": b"",
    "v1": struct.pack("<I", 0xF993FAC8),
    "v2": struct.pack("<Ii", 0xF993FAC9, 0),
    "v3": struct.pack("<Ii", 0xF993FACA, 0),
}
WRITABLE_LAYOUTS = ("legacy", "v1", "v2")


# The format, written a second time by hand so that the reader and the writer
# are not only tested against each other.
def shape_bytes(layout, shape):
    form = f"<i{len(shape)}{'I' if layout == 'legacy' else 'q'}"
    return MARKS[layout] + struct.pack(form, len(shape), *shape)


def record(layout, shape, code, data=b"", device=(1, 0)):
    header = shape_bytes(layout, shape)
    return header + struct.pack("<iii", *device, code) + data


def array_record(layout, array):
    code = CODES[array.dtype.name]
    return record(layout, array.shape, code, array.tobytes())


def name_bytes(*names):
    packed = [name.encode() for name in names]
    return struct.pack("<Q", len(names)) + b"".join(
        struct.pack("<Q", len(name)) + name for name in packed
    )


def file_bytes(*records, names=b"", count=None):
    count = len(records) if count is None else count
    return struct.pack("<QQQ", 0x112, 0, count) + b"".join(records) + names


def some_array(dtype, shape=(2, 3)):
    values = np.random.default_rng(7).integers(0, 100, shape)
    return (values > 50) if dtype == "bool" else values.astype(dtype)


def saved(folder, content):
    path = folder / "weights.params"
    path.write_bytes(content)
    return path


def assert_reads_as(path, expected):
    got = mxnet.read_params(path)
    assert list(got) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(got[name], array, strict=True)


def refusal(path):
    """The message with which the reader refuses a file."""
    with pytest.raises(ValueError) as caught:
        mxnet.read_params(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message


def peak_memory(function, path):
    tracemalloc.start()
    try:
        return function(path), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("layout", WRITABLE_LAYOUTS)
def test_round_trip_keeps_every_dtype_and_the_order(tmp_path, layout):
    arrays = {f"arg:{dtype}": some_array(dtype) for dtype in reversed(CODES)}
    arrays["aux:größe"] = some_array("float32", (2, 1, 3, 2))
    mxnet.write_params(tmp_path / "a.params", arrays, layout)
    assert_reads_as(tmp_path / "a.params", arrays)


SHAPE_BY_HAND = {
    "legacy": struct.pack("<III", 2, 1, 2),
    "v1": struct.pack("<IIqq", 0xF993FAC8, 2, 1, 2),
    "v2": struct.pack("<Iiiqq", 0xF993FAC9, 0, 2, 1, 2),
}


@pytest.mark.parametrize("layout", WRITABLE_LAYOUTS)
def test_file_is_as_expected_and_replaces_the_old_one(tmp_path, layout):
    expected = (
        struct.pack("<QQQ", 0x112, 0, 2)
        + SHAPE_BY_HAND[layout]
        + struct.pack("<iiiff", 1, 0, 0, 1.5, -2.0)
        + SHAPE_BY_HAND[layout]
        + struct.pack("<iiiqq", 1, 0, 6, -1, 2**40)
        + struct.pack("<QQ5sQ1s", 2, 5, b"arg:w", 1, b"a")
    )
    arrays = {"arg:w": np.array([[1.5, -2.0]], np.float32)}
    arrays["a"] = np.array([[-1, 2**40]], np.int64)
    assert_reads_as(saved(tmp_path, expected), arrays)
    old = saved(tmp_path, b"old")
    mxnet.write_params(old, arrays, layout)
    assert old.read_bytes() == expected
    assert os.listdir(tmp_path) == [old.name]


@pytest.mark.parametrize("layout", MARKS)
@pytest.mark.parametrize("dtype", CODES)
def test_reads_hand_built_records(tmp_path, layout, dtype):
    array = some_array(dtype, (2, 2, 3))
    content = file_bytes(array_record(layout, array), names=name_bytes("x"))
    assert_reads_as(saved(tmp_path, content), {"x": array})


def test_layouts_may_be_mixed_and_names_missing(tmp_path):
    arrays = [some_array("float32", (extent,)) for extent in (1, 2, 3, 4)]
    for count in (4, 0):
        records = list(map(array_record, MARKS, arrays))[:count]
        path = saved(tmp_path, file_bytes(*records, names=name_bytes()))
        assert_reads_as(path, {str(i): arrays[i] for i in range(count)})


def test_arrays_saved_on_a_gpu_are_read_and_writable(tmp_path):
    data = np.array([3.0], np.float32)
    on_gpu = record("v2", (1,), 0, data.tobytes(), device=(2, 7))
    path = saved(tmp_path, file_bytes(on_gpu, names=name_bytes("w")))
    mxnet.read_params(path)["w"][:] = 5
    assert_reads_as(path, {"w": data})


@pytest.mark.parametrize("layout", WRITABLE_LAYOUTS)
def test_no_dimensions_is_an_array_never_filled(tmp_path, layout):
    after = some_array("int32")
    records = shape_bytes(layout, ()), array_record(layout, after)
    path = saved(tmp_path, file_bytes(*records, names=name_bytes("n", "a")))
    assert_reads_as(path, {"n": np.empty((0,), np.float32), "a": after})


def test_v3_has_scalars_and_arrays_without_elements(tmp_path):
    expected = {"scalar": np.array(2.5), "empty": np.empty((0, 3), np.int8)}
    records = [array_record("v3", array) for array in expected.values()]
    path = saved(tmp_path, file_bytes(*records, names=name_bytes(*expected)))
    assert_reads_as(path, expected)


def test_dtypes_that_numpy_lacks(tmp_path):
    # 1.0, -2.0, infinity and 3.140625 as the upper halves of float32.
    halves = struct.pack("<4H", 0x3F80, 0xC000, 0x7F80, 0x4049)
    records = record("v2", (4,), 12, halves), record("v1", (2,), 7, b"\0\xff")
    path = saved(tmp_path, file_bytes(*records, names=name_bytes()))
    expected = np.array([1.0, -2.0, np.inf, 3.140625], np.float32)
    assert_reads_as(path, {"0": expected, "1": np.array([False, True])})
    assert mxnet.read_params(path)["1"].tobytes() == b"\0\1"


def test_any_memory_and_byte_order_is_written(tmp_path):
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    arrays = {"strided": values.T[::2, ::-1], "other": values.astype(">f4")}
    mxnet.write_params(tmp_path / "a", arrays)
    arrays["other"] = values
    assert_reads_as(tmp_path / "a", arrays)


def test_files_are_recognised_by_content(tmp_path):
    assert mxnet.is_mxnet_params(saved(tmp_path, file_bytes()))
    for other in (struct.pack(">Q", 0x112), b"PK\x03\x04 a zip", b"\x12\x01"):
        assert not mxnet.is_mxnet_params(saved(tmp_path, other))
    assert not mxnet.is_mxnet_params(tmp_path / "missing")


ONE = array_record("v2", np.ones((1,), np.float32))  # 36 bytes
SPARSE = [struct.pack("<Ii", 0xF993FAC9, storage) for storage in (1, 2)]
SQUARE = (2**20, 2**20)
WRAPS_TO_0 = (2**32, 2**32)  # elements modulo 2**64
WRAPS_TO_1 = (3, 11, 1117984489315730401)
REFUSED = {  # what the message must say: what the file holds
    "header, byte 0: not an MXNet .params file": b"PK\x03\x04 a zip archive",
    "header, byte 0: the file mark needs 8 bytes but 0 remain": b"",
    f"header, byte 16: claims {2**60} arrays": file_bytes(count=2**60),
    # Empty arrays take 4 bytes each in a file and some hundred in memory.
    "claims 100001 arrays": file_bytes(bytes(400_004), count=100_001),
    "array 1 of 2, byte 64: storage type 1 (row_s": file_bytes(ONE, SPARSE[0]),
}
REFUSED_RECORDS = {
    f"byte 64: float32 data {SQUARE} needs {2**42} bytes but 4 remain": record(
        "v2", SQUARE, 0, b"abcd"
    ),
    f"byte 52: uint8 data ({2**40},) needs {2**40}": record("v1", (2**40,), 3),
    f"bfloat16 data {SQUARE} needs {2**41}": record("legacy", SQUARE, 12),
    f"byte 36: the size of shape {WRAPS_TO_0} ov": record("v2", WRAPS_TO_0, 0),
    f"{WRAPS_TO_1} overflows 64": record("v2", WRAPS_TO_1, 0, b"abcd"),
    f"({2**62}, {2**62}, 0) overflows": record("v3", (2**62, 2**62, 0), 0),
    "byte 36: negative dimension in shape (2, -1)": record("v2", (2, -1), 0),
    "negative dimension in shape (-2, -2)": record("v1", (-2, -2), 3, b"abcd"),
    "negative dimension in shape (3, -1)": record("v3", (3, -1), 0),
    "byte 24: claims 2147483648 dimensions": struct.pack("<I", 2**31),
    "byte 28: claims 2147483648 dimensions": MARKS["v1"] + b"\0\0\0\x80",
    "byte 32: claims -2147483648 dimensions": MARKS["v2"] + b"\0\0\0\x80",
    "claims 33 dimensions; 0 to 32": record("v2", (1,) * 33, 3, b"a"),
    "array 0 of 1, byte 32: unknown shape": MARKS["v3"] + b"\xff" * 4,
    "storage type 2 (csr); only dense (0) can be read": SPARSE[1],
    "byte 52: unknown dtype code 99": record("v2", (1,), 99, b"abcd"),
}
REFUSED_NAMES = {  # of two arrays
    "list of names, byte 96: 3 names for 2 arrays": name_bytes("a", "b", "c"),
    "list of names, byte 96: 1 names for 2 arrays": name_bytes("a"),
    f"byte 112: the text needs {2**60}": struct.pack("<QQ", 2, 2**60),
    "byte 112: not UTF-8: b'\\xff'": struct.pack("<QQ", 2, 1) + b"\xff",
    "name 1 of 2, byte 122: duplicate name 'a\\n'": name_bytes("a\n", "a\n"),
    "duplicate name 'nnn": name_bytes("n" * 10_000, "n" * 10_000),
    "end, byte 122: 3 bytes follow the last": name_bytes("a", "b") + b"xyz",
    "end, byte 104: 1 bytes follow the last": name_bytes() + b"x",
}
for text, held in REFUSED_RECORDS.items():
    REFUSED[text] = file_bytes(held)
for text, held in REFUSED_NAMES.items():
    REFUSED[text] = file_bytes(ONE, ONE, names=held)


@pytest.mark.parametrize("expected", REFUSED)
def test_hostile_file_is_refused_without_using_memory(tmp_path, expected):
    message, peak = peak_memory(refusal, saved(tmp_path, REFUSED[expected]))
    assert expected in message
    assert len(message) < 1000
    assert peak < 10 * 2**20


def all_layouts_file():
    records = [array_record(layout, some_array("float16")) for layout in MARKS]
    return file_bytes(*records, names=name_bytes("arg:w", "größe", "c", "d"))


def test_truncation_at_every_byte_is_refused(tmp_path):
    content = all_layouts_file()
    for size in range(len(content)):
        message = refusal(saved(tmp_path, content[:size]))
        assert "the file is truncated or damaged" in message


def test_a_file_that_shrinks_is_refused(tmp_path, monkeypatch):
    path = saved(tmp_path, all_layouts_file()[:100])
    monkeypatch.setattr(os, "fstat", lambda _: os.stat(__file__))
    assert "the file shrank while it was read" in refusal(path)


def test_reading_takes_no_second_copy(tmp_path):
    records = [array_record("v2", np.ones((2**20,), np.float32))] * 4
    path = saved(tmp_path, file_bytes(*records, names=name_bytes()))
    size = path.stat().st_size
    _, peak = peak_memory(mxnet.read_params, path)
    assert 4 * 2**22 <= peak < 1.05 * size


def test_paths_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        mxnet.read_params(tmp_path / "a")
    assert str(caught.value) == f"no such MXNet .params file: {tmp_path / 'a'}"
    with pytest.raises(IsADirectoryError, match="is a directory, not a"):
        mxnet.read_params(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ValueError, match="is not a regular file"):
        mxnet.read_params(pipe)
    assert not any(map(mxnet.is_mxnet_params, (tmp_path, pipe)))


FINE = np.ones((2,), np.float32)
# Claims 4 GiB but every element is the same byte.
HUGE = np.broadcast_to(np.int8(1), (2**32, 1))
UNWRITABLE = {
    "unknown layout 'v3'; use one of legacy, v1, v2": ({"w": FINE}, "v3"),
    "name 3 is not a string": ({3: FINE}, "v2"),
    "is not valid text": ({"w\ud800": FINE}, "v2"),
    "array 'w' is a list, not a numpy array": ({"w": [1.0]}, "v2"),
    "has dtype complex128": ({"w": FINE.astype(complex)}, "v2"),
    "has dtype uint16": ({"w": FINE.astype("u2")}, "v1"),
    "'w' is a scalar": ({"w": np.array(1.0)}, "v2"),
    "has no elements (shape (0,))": ({"w": FINE[:0]}, "v2"),
    "has 3 dimensions, more than 2": ({"w": np.ones((1, 1, 1))}, "v1"),
    "legacy dimensions end at 2**32 - 1": ({"w": HUGE}, "legacy"),
}


@pytest.mark.parametrize("expected", UNWRITABLE)
def test_bad_input_leaves_the_old_file(tmp_path, monkeypatch, expected):
    monkeypatch.setattr(mxnet, "_MAX_DIMENSIONS", 2)
    arrays, layout = UNWRITABLE[expected]
    (tmp_path / "old").write_bytes(b"old")
    with pytest.raises(ValueError) as caught:
        mxnet.write_params(tmp_path / "old", {"good": FINE, **arrays}, layout)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "old").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["old"]


def test_a_full_disk_leaves_the_old_file(tmp_path):
    (tmp_path / "old").write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            mxnet.write_params(tmp_path / "old", {"w": np.ones((2**17,))})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "old").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["old"]


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(IsADirectoryError, match="give a file to write"):
        mxnet.write_params(tmp_path, {"w": FINE})
    with pytest.raises(FileNotFoundError, match="no such folder"):
        mxnet.write_params(tmp_path / "missing" / "a.params", {"w": FINE})
