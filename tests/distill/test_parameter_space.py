"""All weights as one vector."""

import keras
import numpy as np
import pytest

from accel_tf.distill.parameter_space import ParameterSpace, weights_digest


def network(filters=3):
    return keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            keras.layers.Conv2D(filters, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
        ]
    )


def test_trainable_weights_first_and_statistics_after():
    model = network()
    space = ParameterSpace(model)
    assert space.trainable_size == 3 * 3 * 3 * 3 + 3 + 2 * 3
    assert space.size == space.trainable_size + 2 * 3
    weights = np.arange(space.size, dtype=np.float32)
    space.write(weights)
    np.testing.assert_array_equal(space.read(), weights)
    kernel, bias = model.layers[0].get_weights()
    np.testing.assert_array_equal(kernel.ravel(), weights[:81])
    np.testing.assert_array_equal(bias, weights[81:84])
    variance = model.layers[1].moving_variance.numpy()
    np.testing.assert_array_equal(variance, weights[-3:])


def test_tensors_are_split_like_arrays():
    space = ParameterSpace(network())
    weights = np.arange(space.trainable_size, dtype=np.float32)
    of_tensor = space.split(keras.ops.convert_to_tensor(weights))
    for array, tensor in zip(space.split(weights), of_tensor, strict=True):
        np.testing.assert_array_equal(array, keras.ops.convert_to_numpy(tensor))
    with pytest.raises(ValueError, match="a vector of 96 weights is needed"):
        space.split(weights[1:])


def test_digests_know_the_architecture_and_the_weights():
    first, second = ParameterSpace(network()), ParameterSpace(network())
    assert first.digest == second.digest
    assert first.digest != ParameterSpace(network(4)).digest
    weights = first.read()
    changed = weights.copy()
    changed[5] = np.nextafter(changed[5], 2)
    assert weights_digest(weights) == weights_digest(weights.copy())
    assert weights_digest(weights) != weights_digest(changed)


def test_what_cannot_be_learnt_is_refused():
    frozen = network()
    frozen.trainable = False
    with pytest.raises(ValueError, match="no weights to train"):
        ParameterSpace(frozen)
    half = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, dtype="float16")]
    )
    with pytest.raises(ValueError, match="is float16"):
        ParameterSpace(half)
