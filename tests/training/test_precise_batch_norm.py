import keras
import numpy as np
import pytest
from backend import to_numpy
from clip_models import tiny_classifier

from accel_tf.training import precise_batch_norm
from accel_tf.training.precise_batch_norm import PreciseCopy


def normalizer(name="norm"):
    """Batch normalisation of twice the input, behind a dropout."""
    inputs = keras.Input((2, 2, 3))
    x = keras.layers.Dropout(0.0)(inputs)
    x = keras.layers.BatchNormalization(name=name)(x * 2)
    return keras.Model(inputs, x)


@pytest.mark.parametrize("pairs", [False, True])
def test_statistics_are_those_of_all_values(pairs, untraced):
    rng = np.random.default_rng(0)
    values = rng.normal([1, 2, 3], 1, (3, 4, 2, 2, 3)).astype("float32")
    # Batches that differ: the variance between them counts as well.
    values += np.arange(3, dtype="float32")[:, None, None, None, None]
    batches = [(batch, 0) for batch in values] if pairs else values
    model = normalizer()
    layer = model.get_layer("norm")
    assert precise_batch_norm(model, batches) == 3
    np.testing.assert_allclose(
        to_numpy(layer.moving_mean), 2 * values.mean((0, 1, 2, 3)), rtol=1e-4
    )
    np.testing.assert_allclose(
        to_numpy(layer.moving_variance), 4 * values.var((0, 1, 2, 3)), rtol=1e-3
    )
    # What a training does to them is as before.
    assert layer.momentum == 0.99


def test_without_batches_nothing_changes():
    model = normalizer()
    model.get_layer("norm").moving_mean.assign([1.0, 2.0, 3.0])
    assert precise_batch_norm(model, []) == 0
    mean = to_numpy(model.get_layer("norm").moving_mean)
    np.testing.assert_array_equal(mean, [1, 2, 3])


def test_a_copy_is_made_precise_and_the_training_left_alone(untraced):
    model = tiny_classifier()
    before = model.get_weights()
    clips = np.random.default_rng(0).integers(
        0, 256, (2, 4, 32, 32, 3), "uint8"
    )
    asked = []
    copy = PreciseCopy(model, lambda epoch: asked.append(epoch) or [clips])
    copy.update(0)
    copy.update(0)
    assert asked == [0]  # once an epoch
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    # With the statistics of these clips it decides on them as in training,
    # but for the dropout.
    precise = to_numpy(copy.network(clips))
    assert not np.allclose(precise, to_numpy(model(clips)), atol=0.01)
    copy.network.head.get_layer("dropout").rate = 0.0
    np.testing.assert_allclose(
        precise, to_numpy(copy.network(clips, training=True)), atol=2e-3
    )
