"""PyTorch files into small PSPNets and TDNets, and files that don't fit."""

import keras
import numpy as np
import pytest
from model_tools import assert_close, copy_of, run, scenes
from small_models import (
    SMALL_PYRAMID_MODELS,
    built,
    small_deeplab,
    small_pspnet,
    small_td2,
    small_td2_fanet,
)
from torch_checkpoints import (
    assert_loaded,
    official,
    refused,
    write_checkpoint,
)

import accel_tf


@pytest.mark.parametrize("name", SMALL_PYRAMID_MODELS)
def test_entries_cover_every_weight_once(name):
    model = built(name)
    entries = model.checkpoint_entries()
    mapped = sorted(id(entry.variable) for entry in entries)
    assert mapped == sorted(id(variable) for variable in model.weights)
    names = [entry.names[0] for entry in entries]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("beside", [{}, {"epoch": 3, "best_iou": 0.5}])
def test_plain_and_nested_files(prefix, beside, tmp_path):
    model = small_td2()
    tensors = official(model)
    stored = {prefix + name: value for name, value in tensors.items()}
    path = write_checkpoint(tmp_path / "td2.pkl", stored, **beside)
    report = accel_tf.load_checkpoint(model, path)
    assert_loaded(model, tensors)
    assert set(report.loaded) | set(report.ignored) == set(tensors)
    assert all("num_batches_tracked" in name for name in report.ignored)


@pytest.mark.parametrize(
    "make, known",
    [
        (small_pspnet, ["pretrained.fc.weight", "auxlayer.conv5.0.weight"]),
        (
            small_td2,
            [
                "pretrained2.fc.bias",
                "auxlayer1.conv5.4.bias",
                "teacher.pretrained.conv1.0.weight",
            ],
        ),
        (
            small_td2_fanet,
            [
                "head_aux1.conv.bn.bias",
                "ffm_32_1.smooth.conv.weight",
                "ffm_8_2.smooth.bn.weight",
                "ffm_4_2.up.conv.weight",
            ],
        ),
    ],
)
def test_what_a_model_has_no_use_for(make, known, tmp_path):
    model = make()
    tensors = official(model)
    extra = {name: np.ones(3, "float32") for name in known}
    path = write_checkpoint(tmp_path / "model.pkl", {**tensors, **extra})
    report = accel_tf.load_checkpoint(model, path)
    assert set(known) <= set(report.ignored)
    assert_loaded(model, tensors)


def test_unknown_tensors_are_refused(tmp_path):
    model = small_pspnet()
    tensors = official(model) | {"head2.weight": np.ones(3, "float32")}
    line = refused(model, write_checkpoint(tmp_path / "a.pkl", tensors))
    assert "1 that it has no place for (head2.weight)" in line


def test_missing_and_misshaped_tensors_are_named(tmp_path):
    model = small_td2()
    tensors = official(model)
    del tensors["atn2.fc.0.conv.bias"]
    tensors["head1.conv5.4.bias"] = np.ones(7, "float32")
    line = refused(model, write_checkpoint(tmp_path / "a.pkl", tensors))
    assert "1 tensors missing (atn2.fc.0.conv.bias)" in line
    assert "head1.conv5.4.bias is (7,), not (5,)" in line
    assert "no place" not in line


def test_files_of_other_models(tmp_path):
    model = small_pspnet()
    path = write_checkpoint(tmp_path / "a.pkl", official(small_td2()))
    assert "tensors missing" in refused(model, path)
    path = write_checkpoint(tmp_path / "b.pkl", official(model))
    assert "tensors missing" in refused(small_deeplab(), path)


def test_no_state_dict(tmp_path):
    model = small_pspnet()
    path = write_checkpoint(tmp_path / "a.pkl", {})
    assert f"{path} holds no state dict" in refused(model, path)
    path = write_checkpoint(tmp_path / "b.pkl", {}, epoch=3)
    assert f"{path} holds no state dict" in refused(model, path)


def test_truncated_file(tmp_path):
    model = small_pspnet()
    path = write_checkpoint(tmp_path / "a.pkl", official(model))
    path.write_bytes(path.read_bytes()[:-500])
    assert str(path) in refused(model, path)


# === Normalisation of another size ===


def test_a_model_takes_the_size_of_the_checkpoint(tmp_path):
    """Nothing is lost to resizing, and the model's files have that size."""
    other = small_td2(norm_size=(6, 8))
    path = write_checkpoint(tmp_path / "a.pkl", official(other))
    accel_tf.load_checkpoint(other, path)
    model = small_td2(norm_size=(5, 7))
    count = len(model.weights)
    accel_tf.load_checkpoint(model, path)
    assert len(model.weights) == count
    assert model.get_config()["norm_size"] == [6, 8]
    clip = scenes()
    expected = run(other, clip)[0][-1]
    assert_close(run(model, clip)[0][-1], expected, 1e-6)
    assert_close(run(copy_of(model), clip)[0][-1], expected, 1e-6)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_close(run(loaded, clip)[0][-1], expected, 1e-6)


def test_scale_and_offset_must_be_maps(tmp_path):
    model = small_td2()
    tensors = official(model)
    tensors["layer_norm1.ln.weight"] = np.ones(5, "float32")
    line = refused(model, write_checkpoint(tmp_path / "a.pkl", tensors))
    assert "layer_norm1.ln.weight is (5,), not (5, 7)" in line
