"""Updates against stored numbers and against float64 numpy."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from backend import to_numpy
from model_tools import scenes
from reference import FIXTURES
from small_models import small_accel

from accel_tf.models.resnet import subtract_mean
from accel_tf.training import (
    ACCEL_TRAINED,
    SGD,
    Adam,
    ConstantWarmup,
    SegmentationCrossEntropy,
    freeze,
    make_schedule,
    train_only,
)

FUSION = {"fusion/kernel": 2, "fusion/bias": 4}


def test_two_updates_of_the_original():
    stored = np.load(FIXTURES / "accel_operators.npz")
    names = {"kernel": "weight", "bias": "bias"}
    variables = [
        keras.Variable(stored[f"sgd/{official}"], name=name)
        for name, official in names.items()
    ]
    gradients = [stored[f"sgd/{name}_gradient"] for name in names.values()]
    optimizer = SGD(5e-4, 0.9, 5e-4, multipliers={"kernel": 2, "*bias": 4})
    for _ in range(2):
        optimizer.apply(
            [keras.ops.convert_to_tensor(g) for g in gradients], variables
        )
    for variable, name in zip(variables, names.values(), strict=True):
        after = stored[f"sgd/{name}_after_2"]
        assert np.abs(after - stored[f"sgd/{name}"]).max() > 1e-4
        np.testing.assert_allclose(to_numpy(variable), after, atol=1e-7)


def ramp(stride, size, length):
    """Up-sampling matrix `[length, size]` of the published networks."""
    centres = (np.arange(length) + 0.5) / stride - 0.5
    distance = np.abs(centres[:, None] - np.arange(size))
    return np.maximum(1 - distance, 0)


def same_size(scores):
    """Of the first image; outside a score map is zero."""
    scores = to_numpy(scores)[0]
    return np.pad(scores, [(0, 4 - scores.shape[0]), (0, 0), (0, 0)])


def fusion_gradients(scores, kernel, bias, labels):
    """Of one image's loss, by hand: `(kernel, bias)`."""
    rows = ramp(16, scores.shape[0], labels.shape[0])
    columns = ramp(16, scores.shape[1], labels.shape[1])
    large = np.einsum("yi,xj,ijc->yxc", rows, columns, scores)
    logits = large @ kernel + bias
    odds = np.exp(logits - logits.max(-1, keepdims=True))
    error = odds / odds.sum(-1, keepdims=True)
    counts = labels != 255
    error -= np.eye(len(bias))[np.where(counts, labels, 0)]
    error *= counts[..., None] / counts.sum()
    return np.einsum("yxc,yxd->cd", large, error), error.sum((0, 1))


@pytest.mark.slow  # test_paper_protocol.py does the same for longer clips
def test_the_protocol_of_the_paper_in_fit_and_in_numpy():
    steps = 5
    model = small_accel()
    assert train_only(model, ACCEL_TRAINED) == 2
    clips = scenes(steps)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, (steps, 48, 64)).astype("uint8")
    labels[:, :10] = 255
    frozen = [(v, v.numpy()) for v in model.variables if "fusion" not in v.path]
    kernel = model.fusion.kernel.numpy()[0, 0].astype("float64")
    bias = model.fusion.bias.numpy().astype("float64")

    model.compile(
        SGD(ConstantWarmup(0.05, 0.01, 2), multipliers=FUSION),
        SegmentationCrossEntropy(),
    )
    model.fit(clips, labels, batch_size=1, shuffle=False, verbose=0)

    momentum = [0.0, 0.0]
    for step, rate in enumerate([0.01, 0.01, 0.05, 0.05, 0.05]):
        clip = clips[step : step + 1]
        state = model.advance(clip[:, 0], {}, True)
        state = model.advance(clip[:, 1], state, False)
        scores = [
            model.reference_head(state["features"]),
            model.update_head(model.update_backbone(subtract_mean(clip[:, 1]))),
        ]
        scores = np.concatenate([same_size(s) for s in scores], -1)
        gradients = fusion_gradients(
            scores.astype("float64"), kernel, bias, labels[step]
        )
        momentum[0] = 0.9 * momentum[0] - rate * 2 * (
            gradients[0] + 5e-4 * kernel
        )
        momentum[1] = 0.9 * momentum[1] - rate * 4 * gradients[1]
        kernel, bias = kernel + momentum[0], bias + momentum[1]

    got = model.fusion.kernel.numpy()[0, 0]
    assert np.abs(got - 0.1).max() > 0.1
    np.testing.assert_allclose(got, kernel, atol=2e-5)
    np.testing.assert_allclose(model.fusion.bias.numpy(), bias, atol=2e-5)
    for variable, before in frozen:
        np.testing.assert_array_equal(variable.numpy(), before)


def layer_model():
    inputs = keras.Input((None, None, 2))
    x = keras.layers.Conv2D(3, 1, name="first")(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    return keras.Model(inputs, keras.layers.Conv2D(3, 1, name="last")(x))


def updates(optimizer, model, gradient=0.0):
    """What one step with equal gradients adds to each variable."""
    before = [v.numpy() for v in model.trainable_variables]
    gradients = [
        keras.ops.full(v.shape, gradient) for v in model.trainable_variables
    ]
    optimizer.apply(gradients, model.trainable_variables)
    return {
        v.path: (v.numpy() - old, old)
        for v, old in zip(model.trainable_variables, before, strict=True)
    }


def test_weight_decay_reaches_kernels_and_scales_only():
    for name, (change, old) in updates(SGD(0.5), layer_model()).items():
        rate = 0.0 if name.endswith(("bias", "beta")) else 0.5 * 5e-4
        np.testing.assert_allclose(change, -rate * old, atol=1e-7)
    optimizer = SGD(0.5, decay=0.1, decayed=["first/*"])
    for name, (change, old) in updates(optimizer, layer_model()).items():
        rate = 0.05 if name.startswith("first") else 0.0
        np.testing.assert_allclose(change, -rate * old, atol=1e-6)
    # As TDNet's: the scale of the normalisation, which is 1, stays.
    optimizer = SGD(0.5, decay=0.1, decayed=["kernel"])
    changes = updates(optimizer, layer_model())
    assert "norm/gamma" in changes
    for name, (change, old) in changes.items():
        rate = 0.05 if name.endswith("/kernel") else 0.0
        np.testing.assert_allclose(change, -rate * old, atol=1e-6)


@pytest.mark.parametrize("kind, sizes", [(SGD, 0.01), (Adam, 0.01)])
def test_the_first_pattern_counts(kind, sizes):
    multipliers = {"last/bias": 3.0, "last/*": 0.0, "*beta": 0.5}
    optimizer = kind(0.01, decay=0.0, multipliers=multipliers)
    factors = {"last/bias": 3.0, "last/kernel": 0.0, "norm/beta": 0.5}
    for name, (change, _) in updates(optimizer, layer_model(), 1.0).items():
        expected = -sizes * factors.get(name, 1.0)
        np.testing.assert_allclose(change, expected, rtol=1e-4, atol=1e-7)


def test_names_tell_networks_apart():
    model = small_accel()
    freeze(model, "flow_network/*")
    optimizer = SGD(0.01, multipliers={"update_head/score/bias": 7.0})
    optimizer.build(model.trainable_variables)
    chosen = [
        variable
        for variable, factor in zip(
            model.trainable_variables, optimizer.factors, strict=True
        )
        if factor == 7.0
    ]
    assert [id(v) for v in chosen] == [
        id(model.update_head.get_layer("score").bias)
    ]


def test_wrong_multipliers_are_named():
    model = layer_model()
    optimizer = SGD(multipliers={"last/kernel": 2, "fusion/*": 2})
    with pytest.raises(ValueError, match="'fusion/\\*'.*first/kernel"):
        optimizer.build(model.trainable_variables)
    with pytest.raises(ValueError, match="'last/\\*' has -1"):
        Adam(multipliers={"last/*": -1})
    optimizer = SGD(decayed=["kernel", "weight"])
    with pytest.raises(ValueError, match="decayed: no.*'weight'"):
        optimizer.build(model.trainable_variables)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_training_goes_on_from_a_saved_model(kind, tmp_path):
    rng = np.random.default_rng(0)
    images = rng.standard_normal((8, 4, 4, 2)).astype("float32")
    labels = rng.integers(0, 3, (8, 4, 4), dtype=np.uint8)
    model = layer_model()
    schedule = make_schedule("poly", 0.05, 8, 0.01, 1)
    optimizer = kind(schedule, decay=0.01, multipliers={"last/*": 2})
    # XLA takes long to compile and is not what is tested.
    model.compile(optimizer, SegmentationCrossEntropy(), jit_compile=False)
    model.fit(images, labels, batch_size=4, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.optimizer.get_config() == optimizer.get_config()
    for each in (model, again):
        each.fit(images, labels, batch_size=4, shuffle=False, verbose=0)
    for one, other in zip(model.variables, again.variables, strict=True):
        np.testing.assert_allclose(to_numpy(one), to_numpy(other), atol=1e-6)


def test_loss_scaling_changes_nothing():
    rng = np.random.default_rng(0)
    images = rng.standard_normal((8, 4, 4, 2)).astype("float32")
    labels = rng.integers(0, 3, (8, 4, 4), dtype=np.uint8)
    results = []
    for scaled in (False, True):
        keras.utils.set_random_seed(0)
        model = layer_model()
        optimizer = SGD(0.05, decay=0.01, multipliers={"last/*": 2})
        if scaled:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        model.compile(optimizer, SegmentationCrossEntropy(), jit_compile=False)
        model.fit(images, labels, batch_size=2, shuffle=False, verbose=0)
        results.append([to_numpy(v) for v in model.variables])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.slow
def test_two_devices_train_as_one():
    """In a process of its own: devices are split before TensorFlow starts."""
    script = pathlib.Path(__file__).parents[1] / "train_on_two_devices.py"
    result = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
    )
    assert result.returncode == 0, result.stderr
    difference, change = map(float, result.stdout.split()[-2:])
    assert difference < 1e-5 < 1e-2 < change
