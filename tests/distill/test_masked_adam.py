"""Adam with masked coordinates, against TensorFlow 1's and Keras'."""

import keras
import numpy as np
from backend import to_numpy
from reference import FIXTURES, official_tensors, reference_weight

from accel_tf.distill.masked_adam import adam_rate, masked_adam


def trainable_vector(value):
    """`value(name, shape)` of the student's tensors as one vector."""
    tensors = official_tensors("ams_student_names.tsv")
    return np.concatenate(
        [
            np.ravel(value(name, tensor))
            for name, tensor in tensors.items()
            if "/moving_" not in name
        ]
    )


def gradient(step):
    return trainable_vector(
        lambda name, tensor: reference_weight(
            f"{name}/step{step}/gradient", tensor.shape
        )
    )


def test_two_steps_of_the_original():
    weights = trainable_vector(lambda name, tensor: tensor)
    mask = np.float32(1.4) < trainable_vector(
        lambda name, tensor: reference_weight(
            f"{name}/mask/moving_variance", tensor.shape
        )
    )
    stored = np.load(FIXTURES / "ams_masked_adam.npz")
    assert mask.sum() == stored["selected"]
    places = np.random.default_rng(0).integers(0, weights.size, 20000)
    places = np.sort(places)[::4]
    everywhere = np.ones_like(mask)
    moments = [np.zeros_like(weights)] * 2
    first, *moments, _ = masked_adam(
        weights, gradient(1), *moments, everywhere, adam_rate(1)
    )
    second, *moments, change = masked_adam(
        first, gradient(2), *moments, mask, adam_rate(2)
    )
    for name, value in {
        "after_step1": first,
        "after_step2_masked": second,
        "first_moment": moments[0],
        "second_moment": moments[1],
    }.items():
        value = to_numpy(value)[places]
        np.testing.assert_allclose(
            value, stored[name], rtol=0, atol=2e-7, err_msg=name
        )
    first, second = to_numpy(first), to_numpy(second)
    np.testing.assert_array_equal(second[~mask], first[~mask])
    assert (to_numpy(change)[~mask] != 0).mean() > 0.99


def test_it_is_keras_adam_where_nothing_is_masked():
    rng = np.random.default_rng(3)
    weights = rng.normal(size=40).astype("float32")
    variable = keras.Variable(weights)
    optimizer = keras.optimizers.Adam(3e-3, epsilon=1e-8)
    optimizer.build([variable])
    moments = [np.zeros(40, "float32")] * 2
    mask = np.ones(40, bool)
    for step in range(1, 6):
        gradient = rng.normal(size=40).astype("float32")
        optimizer.apply([keras.ops.convert_to_tensor(gradient)])
        weights, *moments, _ = masked_adam(
            weights, gradient, *moments, mask, adam_rate(step, 3e-3)
        )
    np.testing.assert_allclose(to_numpy(weights), variable.numpy(), atol=1e-6)


def test_moments_of_weights_that_rest_go_on():
    """A gradient set to zero would be another algorithm."""
    mask = np.array([True, False])
    gradient = np.array([2.0, 2.0], "float32")
    _, first, second, change = masked_adam(
        np.zeros(2, "float32"), gradient, *np.zeros((2, 2), "float32"), mask, 1
    )
    np.testing.assert_allclose(to_numpy(first), [0.2, 0.2], rtol=1e-6)
    np.testing.assert_allclose(to_numpy(second), [0.004, 0.004], rtol=1e-6)
    np.testing.assert_array_equal(to_numpy(change)[0], to_numpy(change)[1])
