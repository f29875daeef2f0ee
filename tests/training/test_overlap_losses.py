"""Focal, Dice and Lovász losses against numpy written from the papers."""

import keras
import numpy as np
import pytest
from backend import gradients, to_numpy

from accel_tf.training import (
    DiceLoss,
    FocalCrossEntropy,
    LovaszSoftmax,
    SegmentationCrossEntropy,
    make_loss,
)
from accel_tf.training.loss_by_name import LOSSES


def softmax(logits):
    powers = np.exp(logits.astype("float64"))
    return powers / powers.sum(-1, keepdims=True)


def batch(classes=4, ignored=True):
    """Labels without class 3, some ignored in the first two images."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, (3, 5, 6), dtype=np.uint8)
    if ignored:
        labels[0, :2] = 255
        labels[1] = 255
    logits = 2 * rng.standard_normal((3, 5, 6, classes)).astype("float32")
    return labels, logits


def focal(labels, probabilities):
    known = labels != 255
    if not known.any():
        return 0.0
    p = probabilities[known][np.arange(known.sum()), labels[known]]
    return (-((1 - p) ** 2) * np.log(p)).mean()


def dice(labels, probabilities):
    known = labels != 255
    losses = []
    for index in np.unique(labels[known]):
        truth, p = labels[known] == index, probabilities[known][:, index]
        losses.append(1 - 2 * p[truth].sum() / (p.sum() + truth.sum()))
    return np.mean(losses) if losses else 0.0


def lovasz(labels, probabilities):
    """Weighs every error by the fall of the IoU, one pixel at a time."""
    known = labels != 255
    losses = []
    for index in np.unique(labels[known]):
        truth, p = labels[known] == index, probabilities[known][:, index]
        errors = np.where(truth, 1 - p, p)
        wrong, before, loss = np.zeros(len(truth), bool), 0.0, 0.0
        for pixel in np.argsort(-errors):
            wrong[pixel] = True
            predicted = truth ^ wrong
            union = (predicted | truth).sum()
            distance = 1 - (predicted & truth).sum() / union
            loss += errors[pixel] * (distance - before)
            before = distance
        losses.append(loss)
    return np.mean(losses) if losses else 0.0


@pytest.mark.parametrize(
    "loss, oracle",
    [
        (FocalCrossEntropy, focal),
        (DiceLoss, dice),
        (LovaszSoftmax, lovasz),
    ],
)
def test_losses_of_the_papers(loss, oracle):
    labels, logits = batch()
    expected = [
        oracle(*pair) for pair in zip(labels, softmax(logits), strict=True)
    ]
    assert expected[0] > 0.1 and expected[1] == 0
    each = loss(reduction=None)
    np.testing.assert_allclose(to_numpy(each(labels, logits)), expected, 1e-5)
    value = float(loss()(labels[..., None], logits))
    assert value == pytest.approx(np.mean(expected), rel=1e-5)

    (gradient,) = gradients(lambda x: loss()(labels, x), logits)
    assert np.isfinite(gradient).all()
    assert not gradient[1].any() and not gradient[0, :2].any()
    # Against the step along the gradient, not beside it.
    step = 1e-3 * gradient / np.abs(gradient).max()
    change = np.mean(
        [
            oracle(label, after) - oracle(label, before)
            for label, after, before in zip(
                labels,
                softmax(logits + step),
                softmax(logits - step),
                strict=True,
            )
        ]
    )
    assert change == pytest.approx(2 * (gradient * step).sum(), rel=0.02)


@pytest.mark.parametrize("name", LOSSES)
def test_perfect_scores_cost_nothing_and_wrong_labels_are_seen(name):
    labels, _ = batch(ignored=False)
    logits = 60 * np.eye(4, dtype="float32")[labels]
    loss = make_loss(name)
    assert float(loss(labels, logits)) == pytest.approx(0, abs=1e-5)
    (gradient,) = gradients(lambda x: loss(labels, x), logits)
    assert np.isfinite(gradient).all()
    labels[0, 0, 0] = 4
    try:
        value = float(loss(labels, logits))
    except Exception as error:
        assert "4" in str(error) or "target" in str(error).lower()
    else:
        assert np.isnan(value)


def test_focal_loss_without_focus_is_the_cross_entropy():
    labels, logits = batch()
    weights = [1.0, 2.0, 0.5, 1.0]
    plain = SegmentationCrossEntropy(class_weights=weights)
    flat = FocalCrossEntropy(gamma=0, class_weights=weights)
    expected = pytest.approx(float(plain(labels, logits)), rel=1e-6)
    assert float(flat(labels, logits)) == expected
    with pytest.raises(ValueError, match="gamma must be 0 or more, got -1"):
        FocalCrossEntropy(gamma=-1)


def test_losses_are_added_by_name_and_saved():
    labels, logits = batch()
    weights = [1.0, 2.0, 0.5, 1.0]
    loss = make_loss("cross_entropy+dice", weights)
    parts = SegmentationCrossEntropy(class_weights=weights), DiceLoss()
    expected = sum(float(part(labels, logits)) for part in parts)
    assert float(loss(labels, logits)) == pytest.approx(expected, rel=1e-6)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.get_config() == loss.get_config()
    assert float(again(labels, logits)) == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match="no loss 'dise'; there are cross"):
        make_loss("cross_entropy+dise")
    with pytest.raises(ValueError, match="'lovasz' takes no class weights"):
        make_loss("lovasz", weights)
