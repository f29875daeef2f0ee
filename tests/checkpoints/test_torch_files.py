"""PyTorch files of all three formats, with and without PyTorch."""

import collections
import importlib.util
import io
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from torch_file_writing import (
    NAMES,
    WRITERS,
    Stored,
    legacy_tar,
    pickled,
    pickles_file,
    pretend_torch,
    saved,
    stored,
    zip_file,
)

from accel_tf.checkpoints.torch_files import is_torch_file, read_torch_file


@pytest.fixture
def fake_torch(monkeypatch):
    pretend_torch(monkeypatch)


# === Reading ===


def assert_same(actual, expected):
    assert type(actual) is type(expected)
    if isinstance(expected, dict):
        assert list(actual) == list(expected)
        for key in expected:
            assert_same(actual[key], expected[key])
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(actual, expected, strict=True)
        assert actual.flags.writeable
    else:
        assert actual == expected


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("dtype", [n for n in NAMES if n != "uint16"])
def test_every_dtype(fake_torch, form, dtype, tmp_path):
    values = np.random.default_rng(0).integers(0, 100, (2, 3, 4))
    array = values > 50 if dtype == "bool" else values.astype(dtype)
    content = WRITERS[form]({"a": stored(array), "none": stored(array[:0])})
    path = saved(tmp_path, content)
    assert is_torch_file(path)
    assert_same(read_torch_file(path), {"a": array, "none": array[:0]})


@pytest.mark.parametrize("form", WRITERS)
def test_layouts_and_what_lies_around(fake_torch, form, tmp_path):
    array = np.arange(24, dtype="float32").reshape(2, 3, 4)
    state = collections.OrderedDict(
        plain=stored(array),
        transposed=stored(array.transpose(2, 0, 1)),
        part=Stored(array.ravel(), (2, 2), (12, 1), offset=5, parameter=True),
        number=Stored(np.arange(3, 6), (), (), offset=2),
        rounded=stored(np.array([0x3F80, 0xC040], "uint16")),
    )
    state._metadata = {"": {"version": 1}}
    size = sys.modules["torch"].Size((1, 2))
    content = WRITERS[form](
        {
            "model_state": state,
            "epoch": 7,
            "best": 0.5,
            "size": size,
            "no": None,
        }
    )
    expected = {
        "model_state": {
            "plain": array,
            "transposed": np.ascontiguousarray(array.transpose(2, 0, 1)),
            "part": np.array([[5, 6], [17, 18]], "float32"),
            "number": np.array(5),
            "rounded": np.array([1.0, -3.0], "float32"),
        },
        "epoch": 7,
        "best": 0.5,
        "size": (1, 2),
        "no": None,
    }
    assert_same(read_torch_file(saved(tmp_path, content)), expected)


def test_numpy_scores_are_numbers(fake_torch, tmp_path):
    content = zip_file({"best_iou": np.float64(0.75), "n": np.int32(-3)})
    result = read_torch_file(saved(tmp_path, content))
    assert_same(result, {"best_iou": 0.75, "n": -3})


def test_the_oldest_format(tmp_path):
    path = saved(tmp_path, legacy_tar())
    assert is_torch_file(path)
    expected = {
        "weight": np.array([[1, 3, 5], [2, 4, 6]], "float32"),
        "mean": np.array([7, 8], "float32"),
    }
    assert_same(read_torch_file(path), expected)


if importlib.util.find_spec("torch"):

    @pytest.mark.parametrize("new", [True, False])
    def test_what_pytorch_writes(new, tmp_path):
        import torch

        base = torch.arange(24.0).reshape(2, 3, 4)
        layer = torch.nn.BatchNorm1d(3)
        value = {
            "state_dict": collections.OrderedDict(
                plain=base,
                transposed=base.permute(2, 0, 1),
                part=torch.nn.Parameter(base[1, :, 1:3]),
                half=base.half(),
                rounded=base.bfloat16(),
                flags=base > 3,
                ints=base.to(torch.int32),
                **layer.state_dict(),
            ),
            "epoch": 3,
            "best_iou": np.float64(0.5),
            "size": base.shape,
        }
        path = tmp_path / "weights.pkl"
        torch.save(value, path, _use_new_zipfile_serialization=new)
        got = read_torch_file(path)
        assert got["epoch"] == 3 and got["best_iou"] == 0.5
        assert got["size"] == (2, 3, 4)
        assert list(got["state_dict"]) == list(value["state_dict"])
        for name, tensor in value["state_dict"].items():
            if name == "rounded":
                tensor = tensor.float()
            np.testing.assert_array_equal(
                got["state_dict"][name], tensor.detach().numpy(), strict=True
            )


# === Files that lie ===


def refusal(path):
    with pytest.raises(ValueError) as caught:
        read_torch_file(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message


def test_no_function_of_the_file_is_called(fake_torch, tmp_path):
    class Evil:
        def __reduce__(self):
            return exec, ("raise SystemExit",)

    for form in WRITERS.values():
        message = refusal(saved(tmp_path, form({"a": Evil()})))
        assert "asks for __builtin__.exec" in message
    steal = sys.modules["torch._utils"]._steal
    message = refusal(saved(tmp_path, zip_file({"a": steal})))
    assert "asks for torch._utils._steal" in message


def test_a_file_cannot_change_the_reader(fake_torch, tmp_path):
    name = b"ctorch._utils\n_rebuild_tensor_v2\n"
    for state in (b"}U\x01aK\x01s", b"N}U\x04callK\x01s\x86"):
        content = b"\x80\x02" + name + state + b"b."
        path = saved(tmp_path, zip_file(1, **{"data.pkl": content}))
        assert "changes a function" in refusal(path)
    array = np.arange(3.0)
    path = saved(tmp_path, zip_file({"a": stored(array)}))
    assert_same(read_torch_file(path), {"a": array})


def test_other_objects_are_named(fake_torch, tmp_path):
    kind = sys.modules["torch"].FloatStorage
    assert "it holds a type" in refusal(saved(tmp_path, zip_file({"a": kind})))
    assert "it holds a set" in refusal(
        saved(tmp_path, zip_file({"a": 1}, **{"data.pkl": b"\x80\x04\x8f."}))
    )


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    "layout",
    [
        ((4,), (1,), 0),
        ((2, 2), (2, 1), 1),
        ((2,), (-1,), 1),
        ((1000, 1000), (0, 0), 0),
        ((2,), (1, 1), 0),
        ((-1,), (1,), 0),
        ((1,), (1,), -1),
    ],
)
def test_tensors_larger_than_their_numbers(fake_torch, form, layout, tmp_path):
    tensor = Stored(np.arange(3.0), *layout)
    message = refusal(saved(tmp_path, WRITERS[form]({"a": tensor})))
    assert "a tensor of" in message


@pytest.mark.parametrize("form", [*WRITERS, "tar"])
def test_every_truncated_file_is_refused(fake_torch, form, tmp_path):
    if form == "tar":
        content = legacy_tar().rstrip(b"\0")
    else:
        content = WRITERS[form]({"a": stored(np.arange(20.0)), "b": "text"})
    for length in range(0, len(content), 7):
        assert refusal(saved(tmp_path, content[:length]))


def test_damaged_archives_are_refused(fake_torch, tmp_path):
    numbers = np.arange(20.0)
    key = f"data/{id(numbers)}"
    value = {"a": Stored(numbers, (20,), (1,))}
    cases = {
        "has 8 bytes, not 160": zip_file(value, **{key: b"8 bytes."}),
        "not little-endian": zip_file(value, byteorder=b"big"),
        "its numbers are": pickles_file(value, little_endian=False),
        "not a PyTorch file": zip_file(value).replace(b"data.pkl", b"data.txt"),
    }
    for message, content in cases.items():
        assert message in refusal(saved(tmp_path, content))
    squeezed = io.BytesIO()
    with zipfile.ZipFile(squeezed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10**6))
    assert "compressed" in refusal(saved(tmp_path, squeezed.getvalue()))


def test_other_files_are_refused(tmp_path):
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("photo.png"))
    for content in (b"", b"text", pickled({"a": 1}), tar.getvalue()):
        path = saved(tmp_path, content)
        assert not is_torch_file(path)
        assert "not a PyTorch file" in refusal(path)
    assert not is_torch_file(tmp_path)
    with pytest.raises(FileNotFoundError, match="no file"):
        read_torch_file(tmp_path / "missing.pth")
