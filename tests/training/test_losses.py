import keras
import numpy as np
import pytest
from backend import gradients, to_numpy
from reference import FIXTURES

from accel_tf.training import (
    EndPointError,
    OhemCrossEntropy,
    SegmentationCrossEntropy,
)


def channels_last(array):
    return np.moveaxis(array, 1, -1)


def cross_entropy(logits, labels):
    """float64, `[B, H, W]`."""
    logits = logits.astype("float64")
    shifted = logits - logits.max(-1, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return -np.take_along_axis(log_softmax, labels[..., None].astype(int), -1)[
        ..., 0
    ]


def batch(classes=5, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, (3, 6, 7), dtype=np.uint8)
    logits = rng.standard_normal((3, 6, 7, classes)).astype("float32")
    return labels, logits


def test_the_loss_of_the_original():
    stored = np.load(FIXTURES / "accel_operators.npz")
    logits = channels_last(stored["softmax_loss/logits"])
    labels = stored["softmax_loss/label"][:, 0].astype("uint8")
    loss = SegmentationCrossEntropy()
    (gradient,) = gradients(lambda x: loss(labels, x), logits)
    np.testing.assert_allclose(
        gradient, channels_last(stored["softmax_loss/gradient"]), atol=1e-5
    )
    counts = labels != 255
    assert not counts.all()
    chosen = np.take_along_axis(
        channels_last(stored["softmax_loss/probability"]),
        np.where(counts, labels, 0)[..., None].astype(int),
        -1,
    )[..., 0]
    expected = -np.log(chosen[counts]).mean()
    assert float(loss(labels, logits)) == pytest.approx(expected, abs=1e-5)


def test_images_count_alike_however_much_of_them_is_labelled():
    labels, logits = batch()
    labels[0, :5] = 255
    labels[1] = 255
    safe = np.where(labels == 255, 0, labels)
    losses = cross_entropy(logits, safe)
    expected = [losses[0, 5].mean(), 0.0, losses[2].mean()]
    each = SegmentationCrossEntropy(reduction=None)
    np.testing.assert_allclose(to_numpy(each(labels, logits)), expected, 1e-5)
    loss = SegmentationCrossEntropy()
    assert float(loss(labels, logits)) == pytest.approx(np.mean(expected))
    assert float(loss(labels[..., None], logits)) == pytest.approx(
        np.mean(expected)
    )
    weight = np.array([1.0, 1.0, 0.0], "float32")
    weighted = float(loss(labels, logits, sample_weight=weight))
    assert weighted == pytest.approx(expected[0] / 3)
    (gradient,) = gradients(lambda x: loss(labels, x), logits)
    assert not gradient[1].any() and np.isfinite(gradient).all()
    assert not gradient[0, :5].any() and gradient[0, 5].all()


def test_class_weights():
    labels, logits = batch()
    labels[:, 0] = 255
    weights = [0.5, 1.0, 2.0, 0.0, 3.0]
    safe = np.where(labels == 255, 0, labels)
    losses = cross_entropy(logits, safe) * np.take(weights, safe)
    expected = losses[:, 1:].mean()
    loss = SegmentationCrossEntropy(class_weights=weights)
    assert float(loss(labels, logits)) == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match="2 numbers for 5 classes"):
        SegmentationCrossEntropy(class_weights=[1, 2])(labels, logits)


@pytest.mark.parametrize(
    "loss", [SegmentationCrossEntropy(), OhemCrossEntropy()]
)
def test_wrong_labels_and_weights_are_not_trained_on(loss):
    labels, logits = batch()
    with pytest.raises(ValueError, match="one number per image"):
        loss(labels, logits, sample_weight=np.ones((3, 6, 7)))
    labels[0, 0, 0] = 5
    try:
        value = float(loss(labels, logits))
    except Exception as error:
        assert "5" in str(error) or "target" in str(error).lower()
    else:
        assert np.isnan(value)


@pytest.mark.parametrize("difficulty", ["hard", "easy", "mixed"])
@pytest.mark.parametrize("least, share", [(48, 1 / 16), (192, 1 / 4)])
def test_ohem_of_tdnet(difficulty, least, share):
    stored = np.load(FIXTURES / "tdnet_losses.npz")
    logits = channels_last(stored[f"logits_{difficulty}"])
    labels = stored["labels"]
    loss = OhemCrossEntropy(0.7, share, ignore=250)
    name = f"ohem_{difficulty}_nmin{least}"
    assert (labels == 250).any()
    assert float(loss(labels, logits)) == pytest.approx(
        float(stored[name]), abs=1e-5
    )
    if f"{name}_gradient" in stored:
        (gradient,) = gradients(lambda x: loss(labels, x), logits)
        expected = channels_last(stored[f"{name}_gradient"])
        np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_ohem_of_nothing_and_of_too_few_pixels():
    labels, logits = batch()
    ignored = np.full_like(labels, 255)
    assert float(OhemCrossEntropy()(ignored, logits)) == 0.0
    # A share of less than one pixel keeps one.
    easy = 20 * np.eye(5, dtype="float32")[labels]
    easy[1, 2, 3] = 0
    loss = OhemCrossEntropy(threshold=0.1, min_kept_share=1e-4)
    assert float(loss(labels, easy)) == pytest.approx(np.log(5), rel=1e-5)
    for arguments in ({"threshold": 0}, {"min_kept_share": 1}):
        with pytest.raises(ValueError, match="between 0 and 1"):
            OhemCrossEntropy(**arguments)


@pytest.mark.parametrize(
    "loss",
    [
        SegmentationCrossEntropy(250, class_weights=[1, 2, 3, 4, 5]),
        OhemCrossEntropy(0.6, 0.5, ignore=250),
    ],
)
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_losses_are_saved_and_compiled(loss, policy, tmp_path):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 3))
    outputs = keras.layers.Conv2D(5, 1, dtype=policy)(inputs)
    model = keras.Model(inputs, outputs)
    # XLA takes long to compile: once for each loss.
    jit = "auto" if policy == "float32" else keras.backend.backend() == "jax"
    model.compile("sgd", loss, jit_compile=jit)
    rng = np.random.default_rng(0)
    images = rng.standard_normal((4, 6, 7, 3)).astype("float32")
    labels = rng.integers(0, 5, (4, 6, 7), dtype=np.uint8)
    labels[:, :2] = 250
    history = model.fit(images, labels, epochs=2, verbose=0).history["loss"]
    assert history[1] < history[0]
    # The logits are rounded by the model, the loss is not.
    logits = to_numpy(keras.ops.cast(model(images), "float32"))
    expected = float(loss(labels, logits))
    rounded = float(loss(labels, model(images)))
    assert rounded == pytest.approx(expected, rel=1e-6)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").loss
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert float(again(labels, logits)) == pytest.approx(expected, rel=1e-6)


def test_end_point_error_is_saved():
    loss = EndPointError(reduction="sum")
    config = keras.losses.serialize(loss)
    assert keras.losses.deserialize(config).reduction == "sum"
