"""TensorFlow 1 checkpoints, also as dicts of arrays, and what is refused."""

import io
import pickle

import numpy as np
import pytest
from backend import to_numpy
from small_models import (
    built,
    small_deeplab,
    small_deeplab_v3,
    small_deeplab_v3_plus,
)
from torch_checkpoints import official, refused, write_checkpoint

import accel_tf
from accel_tf import commands
from accel_tf.checkpoints.numpy_files import read_numpy_dict
from accel_tf.checkpoints.tf_checkpoints import checkpoint_prefix
from accel_tf.models.restore import restore_model

LAST = ["logits/semantic/biases", "logits/semantic/weights"]


@pytest.fixture(scope="module")
def model():
    return small_deeplab_v3()


@pytest.fixture(scope="module")
def tensors(model):
    return official(model)


def write(prefix, tensors):
    import tensorflow as tf

    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(tensors),
        shape_and_slices=[""] * len(tensors),
        tensors=list(tensors.values()),
    )
    return prefix


def assert_loaded(model, tensors):
    for entry in model.checkpoint_entries():
        np.testing.assert_array_equal(
            to_numpy(entry.variable), tensors[entry.names[0]]
        )


def beside(tensors):
    """What training keeps beside the weights."""
    names = list(tensors)
    return {
        "global_step": np.array(30000, "int64"),
        "beta1_power": np.array(0.9, "float32"),
        f"{names[0]}/Momentum": tensors[names[0]],
        f"{names[1]}/ExponentialMovingAverage": tensors[names[1]] + 1,
        f"{names[1]}/Adam_1": tensors[names[1]] + 1,
    }


# === Checkpoints ===


def test_all_names_of_a_checkpoint(model, tensors, tmp_path):
    prefix = write(tmp_path / "model.ckpt-30000", tensors | beside(tensors))
    before = model.get_weights()
    for suffix in ("", ".index", ".data-00000-of-00001"):
        model.set_weights(before)
        report = accel_tf.load_checkpoint(model, f"{prefix}{suffix}")
        assert_loaded(model, tensors)
        assert set(report.loaded) == set(tensors)
        assert set(report.ignored) == set(beside(tensors))
    assert "5 not used by this model" in str(report)
    model.set_weights(before)


def test_teachers_names_and_shapes(tmp_path):
    """Official names of Xception-65, from its published code."""
    names = dict.fromkeys(
        [
            "xception_65/entry_flow/conv1_1/weights",
            "xception_65/entry_flow/conv1_2/BatchNorm/moving_variance",
            "xception_65/entry_flow/block1/unit_1/xception_module/"
            "separable_conv1_depthwise/depthwise_weights",
            "xception_65/entry_flow/block2/unit_1/xception_module/"
            "separable_conv3_pointwise/BatchNorm/gamma",
            "xception_65/entry_flow/block1/unit_1/xception_module/shortcut/"
            "weights",
            "xception_65/middle_flow/block1/unit_2/xception_module/"
            "separable_conv1_pointwise/weights",
            "xception_65/exit_flow/block2/unit_1/xception_module/"
            "separable_conv1_depthwise/BatchNorm/beta",
            "image_pooling/weights",
            "aspp0/BatchNorm/beta",
            "aspp2_depthwise/depthwise_weights",
            "aspp2_pointwise/BatchNorm/moving_mean",
            "concat_projection/weights",
            "decoder/feature_projection0/weights",
            "decoder/decoder_conv1_depthwise/BatchNorm/gamma",
            "decoder/decoder_conv1_pointwise/weights",
            *LAST,
        ]
    )
    teacher = small_deeplab_v3_plus()
    tensors = official(teacher, seed=2)
    assert names.keys() <= tensors.keys()
    path = tmp_path / "teacher.npy"
    stored = {f"teacher/{name}:0": x for name, x in tensors.items()}
    np.save(path, stored, allow_pickle=True)
    accel_tf.load_checkpoint(teacher, path)
    assert_loaded(teacher, tensors)


def test_what_does_not_fit_is_named(model, tensors, tmp_path):
    wrong = dict(tensors)
    del wrong["MobilenetV2/Conv/weights"]
    wrong["aspp0/weights"] = np.ones((1, 1, 3, 4), "float32")
    wrong["aspp1/weights"] = np.ones((1, 1, 3, 4), "float32")
    line = refused(model, write(tmp_path / "model.ckpt", wrong))
    assert "1 tensors missing (MobilenetV2/Conv/weights)" in line
    assert "aspp0/weights is (1, 1, 3, 4), not (1, 1, 10, 16)" in line
    assert "1 that it has no place for (aspp1/weights)" in line
    assert "--skip-last-layer" not in line
    np.save(tmp_path / "model.npy", wrong, allow_pickle=True)
    assert refused(model, tmp_path / "model.npy").endswith(
        line.split("does not hold")[1]
    )


def test_damaged_checkpoints(model, tensors, tmp_path):
    prefix = write(tmp_path / "model.ckpt", tensors)
    index, data = (
        prefix.with_name(f"model.ckpt{suffix}")
        for suffix in (".index", ".data-00000-of-00001")
    )
    whole = data.read_bytes()
    for damaged in (whole[:-100], whole[:5000] + b"?" + whole[5001:]):
        data.write_bytes(damaged)
        assert "is damaged or truncated" in refused(model, prefix)
    data.unlink()
    assert "hold 0" in refused(model, prefix)
    data.write_bytes(whole)
    content = index.read_bytes()
    index.write_bytes(content[:40] + b"????" + content[44:])
    assert "is damaged or truncated" in refused(model, prefix)
    index.write_bytes(content[:-1])
    assert checkpoint_prefix(prefix) is None
    assert "not a weights file" in refused(model, index)
    with pytest.raises(FileNotFoundError, match="no weights file .*ckpt"):
        accel_tf.load_checkpoint(model, prefix)


def test_a_checkpoint_is_laid_over_nothing(model, tensors, tmp_path):
    prefix = write(tmp_path / "model.ckpt", tensors)
    with pytest.raises(ValueError, match="only MXNet .params files"):
        accel_tf.load_checkpoint(model, prefix, prefix)


# === Other classes ===


def test_all_but_the_last_layer(model, tensors, tmp_path):
    prefix = write(tmp_path / "model.ckpt", tensors)
    other = small_deeplab_v3(3)
    line = refused(other, prefix)
    assert "logits/semantic/weights is (1, 1, 16, 5), not (1, 1, 16, 3)" in line
    assert "is for 5 classes, not 3: say how many" in line
    assert "skip_last=True, --skip-last-layer" in line
    own = other.head.get_layer("logits_semantic").get_weights()
    report = accel_tf.load_checkpoint(other, prefix, skip_last=True)
    assert sorted(report.skipped) == LAST
    assert all(name in str(report) for name in LAST)
    kept = dict(zip(LAST, own[::-1], strict=True))
    assert_loaded(other, tensors | kept)
    # What it is asked for it does also where the classes are as many.
    before = model.get_weights()
    report = accel_tf.load_checkpoint(model, prefix, skip_last=True)
    assert sorted(report.skipped) == LAST
    model.set_weights(before)


def test_where_no_last_layer_can_be_skipped(model, tmp_path):
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    with pytest.raises(ValueError, match="is no official file"):
        accel_tf.load_checkpoint(model, path, skip_last=True)
    accel = built("accel")
    with pytest.raises(ValueError, match="no single last layer"):
        accel_tf.load_checkpoint(accel, path, skip_last=True)


def test_of_an_mxnet_model(tmp_path):
    from accel_tf.checkpoints.mxnet import write_params

    tensors = {
        entry.names[0]: np.ones(entry.shape, "float32")
        if entry.constant is None
        else np.array(entry.constant)
        for entry in small_deeplab(4).checkpoint_entries()
    }
    write_params(tmp_path / "a.params", tensors)
    model = small_deeplab(3)
    assert "is for 4 classes, not 3" in refused(model, tmp_path / "a.params")
    report = accel_tf.load_checkpoint(
        model, tmp_path / "a.params", skip_last=True
    )
    assert set(report.skipped) == {
        "score_weight",
        "score_bias",
        "upsampling_weight",
    }


def test_convert_and_restore(tmp_path, capsys):
    source = accel_tf.from_preset("psp_tiny", 5)
    tensors = official(source)
    path = str(write_checkpoint(tmp_path / "a.pth", tensors))
    output = tmp_path / "a.weights.h5"
    argv = ["convert", path, "--model", "psp_tiny", "--num-classes", "3"]
    argv += ["--output", str(output)]
    assert commands.main(argv) == 2
    assert "is for 5 classes, not 3" in capsys.readouterr().err
    assert not output.exists()
    assert commands.main([*argv, "--skip-last-layer"]) == 0
    assert "head.conv5.5.weight" in capsys.readouterr().out
    model, message = restore_model("psp_tiny", [path], 3, skip_last=True)
    assert "head.conv5.5.weight" in message
    np.testing.assert_array_equal(
        to_numpy(model.backbone.get_layer("conv1").kernel),
        tensors["pretrained.conv1.weight"].transpose(2, 3, 1, 0),
    )


# === Dicts of arrays ===


def numpy_file(path, data):
    """A `.npy` file of an object that is pickled as `data`."""
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|O", "fortran_order": False, "shape": ()}
        )
        file.write(data)
    return path


def test_dicts_of_every_protocol(tmp_path):
    arrays = {
        "a:0": np.arange(6, dtype="float32").reshape(2, 3),
        "b": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "c": np.array(7, ">i4"),
        "d": np.float32(0.5),
        "e": 3,
    }
    for protocol in range(2, 6):
        whole = np.array(arrays, dtype=object)
        path = numpy_file(
            tmp_path / "a.npy", pickle.dumps(whole, protocol=protocol)
        )
        found = read_numpy_dict(path)
        assert list(found) == list(arrays)
        for name, value in arrays.items():
            np.testing.assert_array_equal(found[name], value)


def test_pickled_code_is_not_run(model, tmp_path):
    class Attack:
        def __reduce__(self):
            return open, (str(tmp_path / "attacked"), "w")

    path = tmp_path / "model.npy"
    np.save(path, {"a": Attack()}, allow_pickle=True)
    assert "asks for io.open, which no weights need" in refused(model, path)
    assert not (tmp_path / "attacked").exists()
    # The names that are known stand for nothing else.
    changed = b"cnumpy\nndarray\n}b."
    assert "it changes a function" in refused(model, numpy_file(path, changed))


def test_other_numpy_files(model, tensors, tmp_path):
    path = tmp_path / "model.npy"
    np.save(path, np.zeros((2, 3)))
    assert "an array (2, 3) of float64, not a dict" in refused(model, path)
    np.save(path, [1, 2], allow_pickle=True)
    assert "not a dict of arrays" in refused(model, path)
    np.save(path, np.array("text", dtype=object), allow_pickle=True)
    assert "it holds no dict of arrays" in refused(model, path)
    np.save(path, {"a": ["b"]}, allow_pickle=True)
    assert "'a' is no array" in refused(model, path)
    np.save(path, tensors, allow_pickle=True)
    content = path.read_bytes()
    for size in (7, 100, 150, 5000, len(content) - 1):
        path.write_bytes(content[:size])
        assert str(path) in refused(model, path)


def test_arrays_that_claim_more_than_they_hold(model, tmp_path):
    stream = io.BytesIO()
    whole = np.array({"a": np.zeros(4, "float32")}, dtype=object)
    np.lib.format.write_array(stream, whole, allow_pickle=True)
    content = stream.getvalue().replace(b"K\x04\x85", b"K\x08\x85")
    assert content != stream.getvalue()
    path = tmp_path / "model.npy"
    path.write_bytes(content)
    assert "an array (8,) of float32 has 16 bytes" in refused(model, path)
