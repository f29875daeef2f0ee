"""Weights that nobody draws."""

import keras
import numpy as np
import pytest
from backend import to_numpy

from accel_tf.layers import slim
from accel_tf.layers.initial_values import (
    with_zeros_for_random_values,
    without_random_values,
)
from accel_tf.models.x3d.clip_units import pointwise


def weights_of(layer):
    layer.build((None, 4, 4, 3))
    return [np.abs(weight).max() for weight in layer.get_weights()]


def test_there_are_no_random_values_inside():
    def layers():
        yield keras.layers.Conv2D(2, 3)
        yield keras.layers.Conv2D(2, 3, kernel_initializer="he_normal")
        yield keras.layers.DepthwiseConv2D(3, bias_initializer="ones")

    with without_random_values():
        values = [weights_of(layer) for layer in layers()]
    assert values == [[0, 0], [0, 0], [0, 1]]
    assert all(weights_of(layer)[0] > 0 for layer in layers())
    # What was built inside is like any other.
    with without_random_values():
        layer = keras.layers.Conv2D(2, 3)
    copy = keras.layers.Conv2D.from_config(layer.get_config())
    assert isinstance(copy.kernel_initializer, keras.initializers.Zeros)


def test_a_config_without_random_values():
    layer = keras.layers.Conv2D(2, 3, bias_initializer="ones")
    config = layer.get_config()
    copy = keras.layers.Conv2D.from_config(with_zeros_for_random_values(config))
    assert weights_of(copy) == [0, 1]
    assert config == layer.get_config()


def pointwise_4(x, name):
    return pointwise(x, 4, name)


@pytest.mark.parametrize("block", [slim.depthwise, pointwise_4])
def test_layers_of_one_shape_start_differently(block):
    def kernels(seed):
        keras.utils.set_random_seed(seed)
        frame = keras.Input((None, None, 4))
        network = keras.Model(frame, block(block(frame, "one"), "two"))
        return [to_numpy(x) for x in network.trainable_weights]

    first, second = kernels(seed=1)
    assert first.shape == second.shape
    assert not np.array_equal(first, second)
    assert np.array_equal(kernels(seed=1)[0], first)
    assert not np.array_equal(kernels(seed=2)[0], first)
