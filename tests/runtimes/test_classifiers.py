"""Clip classifiers in other runtimes give what they give in TensorFlow."""

import functools
import json

import numpy as np
import pytest
from backend import to_numpy

import accel_tf
from accel_tf.models.vov3d import VoV3DBackbone
from accel_tf.models.x3d import BackboneClassifier, X3DBackbone
from accel_tf.runtimes import (
    RUNTIMES,
    RuntimeClassifier,
    export,
    load_runtime,
    to_runtime,
)
from accel_tf.runtimes.export import export_runtime, prepare_runtime
from accel_tf.runtimes.restore import restore_clips, restore_segmenter
from accel_tf.runtimes.saved_classifier import read_classifier

SIZE = (4, 32, 48)
# Of one stage, so that there are many positions beside each other.
BACKBONES = {
    "vov3d": lambda: VoV3DBackbone((1,), 8, 2, name="backbone"),
    "x3d": lambda: X3DBackbone((2,), 8, 16, name="backbone"),
}
FAST = [("openvino", "vov3d"), ("onnxruntime", "x3d"), ("litert", "vov3d")]


@functools.cache
def fused(name):
    model = BackboneClassifier(
        BACKBONES[name](),
        3,
        frames=4,
        crop_size=32,
        hidden=16,
        class_names=("open", "close", "wave"),
        frame_step=4,
        name=name,
    )
    random = np.random.default_rng(0)
    for weight in model.weights:
        # Also of normalisation, where zeros would hide a branch.
        shape = weight.shape
        if weight.path.endswith(("gamma", "variance", "beta", "mean")):
            weight.assign(random.uniform(0.5, 1.5, shape))
    return accel_tf.fuse_for_inference(model)


@functools.cache
def clips():
    random = np.random.default_rng(1)
    return random.integers(0, 256, (2, *SIZE, 3), dtype=np.uint8)


@functools.cache
def in_openvino():
    """No test changes it."""
    return to_runtime(fused("vov3d"), "openvino", threads=1)


def assert_same(classifier, name):
    logits = to_numpy(fused(name)(clips()))
    assert np.ptp(logits, axis=1).min() > 1e-3
    actual = classifier(clips())
    assert actual.dtype == np.float32
    scale = np.abs(logits).max()
    np.testing.assert_allclose(actual, logits, rtol=0, atol=1e-4 * scale)
    np.testing.assert_allclose(
        classifier.probabilities(clips()),
        to_numpy(fused(name).probabilities(clips())),
        atol=1e-4,
    )


@pytest.mark.parametrize("runtime, name", FAST)
def test_same_logits(runtime, name):
    model = to_runtime(fused(name), runtime, threads=1)
    assert isinstance(model, RuntimeClassifier)
    assert_same(model, name)


@pytest.mark.slow
@pytest.mark.parametrize(
    "runtime, name",
    [(r, n) for r in RUNTIMES for n in BACKBONES if (r, n) not in FAST],
)
def test_same_logits_of_all(runtime, name):
    assert_same(to_runtime(fused(name), runtime, threads=1), name)


def test_what_is_known_of_it():
    model, original = in_openvino(), fused("vov3d")
    assert model.name == "vov3d"
    assert model.class_names == ("open", "close", "wave")
    assert (model.num_classes, model.frames, model.crop_size) == (3, 4, 32)
    assert model.frame_step == 4
    assert model.count_params() == original.count_params()
    assert model.multiply_adds(32, 48) == original.multiply_adds(32, 48)


def test_a_list_of_frames_is_one_clip():
    model = in_openvino()
    np.testing.assert_array_equal(
        model.probabilities(list(clips()[1])), model.probabilities(clips())[1:]
    )


@pytest.mark.parametrize(
    "clip, message",
    [
        (np.zeros((1, 4, 32, 48, 3), "float32"), "clips uint8 .*float32"),
        (np.zeros((4, 32, 48, 3), np.uint8), r"got uint8 \[4, 32, 48, 3\]"),
        ([np.zeros((32, 48, 3)), np.zeros((8, 8, 3))], "of 2 sizes"),
        ([], "0 frames"),
    ],
)
def test_what_is_no_clip(clip, message):
    with pytest.raises(ValueError, match=message):
        in_openvino()(clip)


def test_int8_is_refused():
    for refused in (
        lambda: to_runtime(fused("vov3d"), "openvino", "int8", clips()[0]),
        lambda: prepare_runtime(fused("vov3d"), "openvino", "int8"),
    ):
        with pytest.raises(ValueError, match="not converted to int8"):
            refused()


# === In a folder ===


@pytest.fixture
def folder(tmp_path):
    in_openvino().program(*SIZE)
    in_openvino().save(tmp_path / "saved")
    return tmp_path / "saved"


def test_saved_and_loaded(folder):
    loaded = load_runtime(folder, threads=1)
    assert type(accel_tf.load_model(folder)) is type(loaded)
    assert loaded.info == in_openvino().info
    assert loaded.known_sizes == (SIZE,)
    assert_same(loaded, "vov3d")
    with pytest.raises(ValueError, match="clips of 4x32x48 .* not of 2x32x48"):
        loaded(clips()[:, :2])


def test_exported_and_chosen_again(tmp_path, monkeypatch):
    """Without reading weights; the same steps as of a segmenter."""
    monkeypatch.setattr(export, "names_classifier", lambda *_: True)
    monkeypatch.setattr(export, "restore_any", lambda *_, **__: (made, "It."))
    made = fused("vov3d")
    path, message = export_runtime("vov3d", [], tmp_path / "out", "openvino")
    assert message == "It."
    model, message = restore_clips(
        None, [str(path)], class_names=["a", "b", "c"]
    )
    assert (model.known_sizes, model.frame_step) == (((4, 32, 32),), 4)
    assert model.class_names == ("a", "b", "c")
    assert message == f"vov3d in float32 for openvino from {path}."
    assert prepare_runtime(model, threads=1) is model and model.threads == 1
    for wrong, text in (
        ({"class_names": ["a"]}, "1 class names"),
        ({"crop_size": 32}, "crop size: .* was exported with its own"),
        ({"num_classes": 4}, "with 3 classes, not 4"),
    ):
        with pytest.raises(ValueError, match=text):
            restore_clips(str(path), **wrong)
    with pytest.raises(ValueError, match="holds vov3d, not x3d_m"):
        restore_clips("x3d_m", [str(path)])


def test_nothing_to_save(tmp_path):
    model = to_runtime(fused("vov3d"), "openvino")
    with pytest.raises(ValueError, match="has no programs yet"):
        model.save(tmp_path / "saved")


def test_damaged_folders(folder):
    with pytest.raises(ValueError, match="classifies clips"):
        restore_segmenter(str(folder))
    (folder / "4x32x48.bin").write_bytes(b"other")
    with pytest.raises(ValueError, match="4x32x48.bin is damaged"):
        load_runtime(folder)
    (folder / "4x32x48.bin").unlink()
    with pytest.raises(FileNotFoundError, match="4x32x48.bin is missing"):
        load_runtime(folder)
    description = json.loads((folder / "model.json").read_text())
    old = {key: x for key, x in description.items() if key != "frame_step"}
    assert read_classifier(old)[0].frame_step == "unknown"
    del description["class_names"]
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(ValueError, match="model.json is damaged"):
        load_runtime(folder)
