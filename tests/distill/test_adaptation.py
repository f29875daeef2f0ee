"""A student that follows a street whose scene changes."""

import functools

import keras
import numpy as np
import pytest
from backend import to_numpy
from small_models import small_deeplab

from accel_tf.data.streets import CLASS_NAMES, street_sequence
from accel_tf.distill import (
    ParameterSpace,
    PhaseTrainer,
    ReplayBuffer,
    StudentState,
    make_selector,
)
from accel_tf.metrics import confusion_matrix, mean_iou

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow only"
)

SIZE = (32, 64)
CLASSES = len(CLASS_NAMES)


@functools.cache
def scene(seed, light, place, count):
    """Frames and labels, one a second."""
    drawn = list(street_sequence(seed, *SIZE, count, 1.0, light, place))
    return (
        np.stack([each.image for each in drawn]),
        np.stack([each.labels for each in drawn]).astype(np.uint8),
    )


@functools.cache
def classroom():
    """A trainer, and a student that learnt a city by day."""
    model = small_deeplab(CLASSES)
    space = ParameterSpace(model)
    trainer = PhaseTrainer(model, space, learning_rate=1e-2)
    buffer = ReplayBuffer()
    for time, pair in enumerate(zip(*scene(1, "day", "city", 8), strict=True)):
        buffer.add(time, *pair)
    state = StudentState.fresh(space, space.read())
    rng = np.random.default_rng(0)
    state = trainer.run_phase(
        state, buffer, make_selector("full"), 60, 4, rng
    ).state
    return model, trainer, state


def accuracy(model, trainer, state, frames, labels):
    trainer.space.write(state.weights)
    logits = to_numpy(model.step(frames, {})[0])
    return mean_iou(confusion_matrix(labels, logits.argmax(-1), CLASSES))


@functools.cache
def drive(strategy, source="first_step"):
    """Mean IoU of each period's frames before they are learnt from."""
    model, trainer, state = classroom()
    buffer, rng = ReplayBuffer(), np.random.default_rng(0)
    frames, labels = scene(2, "dusk", "country", 16)
    scores, losses = [], []
    for period in range(4):
        new = slice(4 * period, 4 * period + 4)
        scores.append(accuracy(model, trainer, state, frames[new], labels[new]))
        if strategy is None:
            continue
        for time in range(new.start, new.stop):
            buffer.add(time, frames[time], labels[time])
        selector = make_selector(strategy, 0.05, source)
        result = trainer.run_phase(state, buffer, selector, 12, 4, rng)
        state = result.state
        losses.append(result.losses)
    return np.array(scores), losses


@pytest.mark.parametrize("source", ["first_step", "last_update"])
def test_a_twentieth_of_the_weights_follows_the_scene(source):
    without, _ = drive(None)
    adapted, losses = drive("gradient-guided", source)
    assert adapted[0] == without[0]
    assert adapted[1:].mean() > without[1:].mean() + 0.05
    assert losses[0][-3:].mean() < losses[0][:3].mean()
