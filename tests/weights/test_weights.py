import pathlib

import keras
import numpy as np
import pytest
from small_models import small_light_deeplab

import accel_tf
import accel_tf.weights
from accel_tf.data.label_maps import CITYSCAPES
from accel_tf.data.streets import CLASS_NAMES, street_sequence
from accel_tf.metrics import confusion_matrix, pixel_accuracy
from accel_tf.models.restore import restore_model
from accel_tf.runtimes.restore import restore_segmenter
from accel_tf.weights import PARTS, default_model, default_weights, shipped
from accel_tf.weights.half_precision import save_half


@pytest.fixture(scope="module")
def model():
    return default_model()


def test_the_model_is_the_preset_for_streets(model):
    assert model.name == accel_tf.weights.PRESET
    assert model.label_map == CITYSCAPES
    assert model.uses_key_frames
    assert model.trained_size == (360, 640)
    assert keras.backend.standardize_dtype(model.weights[0].dtype) == "float32"


def test_the_file_is_small_and_has_a_card_beside_it():
    path = default_weights()
    assert path.stat().st_size <= 5_000_000
    card = path.with_name("README.md").read_text()
    for wanted in ("CamVid", "not for", "mean IoU", "licence"):
        assert wanted in card, wanted


def test_it_sees_drawn_streets(model):
    """Of seeds beyond those that it was trained on, by 8 common classes."""
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(3))
    table = np.array([CITYSCAPES.names.index(name) for name in CLASS_NAMES])
    counts = {True: 0, False: 0}
    for seed in (2001, 2003):
        stream.reset_state()
        for frame in street_sequence(seed, 192, 384, 3, 15.0):
            labels = stream(frame.image[None])[0]
            counts[stream.is_key] += confusion_matrix(
                table[frame.labels], labels, len(CITYSCAPES)
            )
    assert pixel_accuracy(counts[True]) > 0.8
    assert pixel_accuracy(counts[False]) > 0.75


def test_the_file_loads_like_other_weights(model):
    other = accel_tf.from_preset(accel_tf.weights.PRESET)
    accel_tf.load_checkpoint(other, default_weights())
    for one, two in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(two)
        )


def test_an_incomplete_installation_is_told(monkeypatch):
    missing = pathlib.Path("nowhere") / "a.weights.h5"
    monkeypatch.setattr(
        "accel_tf.weights.shipped.default_weights", lambda: missing
    )
    with pytest.raises(FileNotFoundError, match="lacks its weights nowhere"):
        default_model()


def test_half_precision_keeps_what_needs_more(tmp_path):
    model, copy = small_light_deeplab(), small_light_deeplab()
    path, whole = tmp_path / "half.weights.h5", tmp_path / "whole.weights.h5"
    save_half(model, path)
    model.save_weights(whole)
    assert path.stat().st_size < 0.6 * whole.stat().st_size
    copy.load_weights(path)
    for one, two in zip(model.weights, copy.weights, strict=True):
        one, two = map(keras.ops.convert_to_numpy, (one, two))
        tolerance = 0 if one.ndim == 1 else 1e-3
        np.testing.assert_allclose(one, two, rtol=tolerance, atol=1e-7)


def test_half_precision_refuses_what_it_cannot_hold(tmp_path):
    model = small_light_deeplab()
    values = model.get_weights()
    big = next(i for i, value in enumerate(values) if value.ndim > 1)
    values[big] = values[big] + 1e6
    model.set_weights(values)
    with pytest.raises(ValueError, match="does not fit into float16"):
        save_half(model, tmp_path / "half.weights.h5")
    assert not list(tmp_path.iterdir())


def test_its_parts_have_weights_too(model):
    restored, message = restore_model("deeplab_tiny")
    assert message.startswith("deeplab_tiny with the weights that come with")
    assert restored.label_map == CITYSCAPES
    for one, other in zip(
        restored.backbone.get_weights(),
        model.reference_backbone.get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    for name, make in PARTS.items():
        part = make(model)
        assert part.name == name and part.trained_size == (360, 640)
        if name != model.name:
            assert type(part) is type(accel_tf.from_preset(name))


def test_a_preset_comes_before_a_folder_of_its_name(
    model, tmp_path, monkeypatch
):
    monkeypatch.setattr(shipped, "default_model", lambda x: PARTS[x](model))
    (tmp_path / "deeplab_tiny").mkdir()
    monkeypatch.chdir(tmp_path)
    assert restore_segmenter("deeplab_tiny")[0].name == "deeplab_tiny"
