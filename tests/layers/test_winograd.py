"""The 3x3 convolution with fewer products, against the plain one."""

import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import ops

from accel_tf.layers import winograd
from accel_tf.layers.inference_conv2d import (
    InferenceConv2D,
    variable_kernels,
)
from accel_tf.layers.winograd import (
    is_worth_it,
    is_worth_it_strided,
    transform_kernel,
    transform_strided_kernel,
    winograd_conv2d,
    winograd_strided_conv2d,
)


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def slow(*values):
    """XLA compiles each size by itself."""
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "height, width, dilation_rate",
    [slow(8, 8, 1), (9, 14, 1), (7, 5, 2), slow(33, 20, 4), slow(3, 40, 8)],
)
def test_it_is_the_convolution(height, width, dilation_rate):
    x, kernel = random(2, height, width, 5), random(3, 3, 5, 7, seed=1)
    expected = to_numpy(
        ops.conv(x, kernel, padding="same", dilation_rate=dilation_rate)
    )
    transformed = transform_kernel(kernel)
    assert transformed.shape == (36, 5, 7)
    actual = winograd_conv2d(
        ops.convert_to_tensor(x),
        ops.convert_to_tensor(transformed),
        dilation_rate,
    )
    np.testing.assert_allclose(to_numpy(actual), expected, atol=1e-4)


@pytest.mark.parametrize(
    "height, width", [slow(20, 12), (21, 11), (5, 6), slow(36, 67)]
)
def test_strided(height, width):
    x, kernel = random(2, height, width, 3), random(5, 5, 3, 7, seed=1)
    expected = to_numpy(ops.conv(x, kernel, strides=2, padding="valid"))
    transformed = transform_strided_kernel(kernel)
    assert transformed.shape == (36, 12, 7)
    actual = to_numpy(
        winograd_strided_conv2d(
            ops.convert_to_tensor(x), ops.convert_to_tensor(transformed)
        )
    )
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, atol=1e-4)


@pytest.mark.parametrize("batch", [slow(1), 3])
def test_in_pieces(batch, monkeypatch):
    """A map whose windows do not fit into the processor's cache."""
    monkeypatch.setattr(winograd, "_tiles_at_once", lambda *sizes: 27)
    x, kernel = random(batch, 25, 33, 5), random(3, 3, 5, 7, seed=1)
    expected = to_numpy(ops.conv(x, kernel, padding="same"))
    kernel = ops.convert_to_tensor(transform_kernel(kernel))
    actual = winograd_conv2d(ops.convert_to_tensor(x), kernel)
    np.testing.assert_allclose(to_numpy(actual), expected, atol=1e-4)


def test_rounding_errors_do_not_grow_with_the_channels():
    """As many channels as the largest network has, against float64."""
    x, kernel = (
        np.maximum(random(1, 8, 8, 512), 0),
        random(3, 3, 512, 4, seed=1),
    )
    padded = np.pad(x.astype("float64"), ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = sum(
        padded[:, i : i + 8, j : j + 8] @ kernel[i, j].astype("float64")
        for i in range(3)
        for j in range(3)
    )
    transformed = ops.convert_to_tensor(transform_kernel(kernel))
    actual = to_numpy(winograd_conv2d(ops.convert_to_tensor(x), transformed))
    assert np.abs(actual - expected).max() < 2e-5 * expected.std()


def test_where_it_is_worth_it():
    assert is_worth_it((1, 64, 128, 512), 512, 8)
    assert is_worth_it((None, 32, 64, 256), 256, 1)
    # Narrow, of few pixels, cut into too many grids, of unknown size.
    assert not is_worth_it((1, 256, 512, 32), 32, 1)
    assert not is_worth_it((1, 8, 16, 512), 512, 1)
    assert not is_worth_it((1, 33, 33, 512), 512, 8)
    assert not is_worth_it((1, None, 128, 512), 512, 1)
    assert is_worth_it_strided((1, 132, 260, 64), 128)
    assert not is_worth_it_strided((1, 132, 260, 16), 32)
    assert not is_worth_it_strided((1, 132, None, 64), 128)


@pytest.mark.parametrize("size, fewer", [((48, 48), True), ((6, 8), False)])
@pytest.mark.parametrize("dilation_rate", [1, 2])
def test_layer(size, fewer, dilation_rate):
    """Compiled or not, it is `Conv2D`, by whichever way."""
    options = dict(padding="same", dilation_rate=dilation_rate)
    plain = keras.layers.Conv2D(256, 3, **options)
    layer = InferenceConv2D(256, 3, **options)
    x = random(1, *size, 256)
    assert is_worth_it(x.shape, 256, dilation_rate) == fewer
    expected = to_numpy(plain(x))
    layer.build(x.shape)
    layer.set_weights(plain.get_weights())
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, layer(inputs))
    for actual in (layer(x), model.predict(x, verbose=0)):
        np.testing.assert_allclose(to_numpy(actual), expected, atol=1e-4)


@pytest.mark.parametrize("size, fewer", [((100, 99), True), ((9, 8), False)])
def test_strided_layer(size, fewer):
    plain = keras.layers.Conv2D(128, 5, strides=2)
    layer = InferenceConv2D(128, 5, strides=2)
    x = random(1, *size, 96)
    assert is_worth_it_strided(x.shape, 128) == fewer
    expected = to_numpy(plain(x))
    layer.build(x.shape)
    layer.set_weights(plain.get_weights())
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, layer(inputs))
    actual = model.predict(x, verbose=0)
    np.testing.assert_allclose(actual, expected, atol=1e-4)
    if keras.backend.backend() == "tensorflow":
        assert (layer._transformed_kernel is not None) == fewer


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="other backends read variables always",
)
def test_variable_kernels():
    """Programs made in that scope, and no others, notice new weights."""
    import tensorflow as tf

    layer = InferenceConv2D(256, 3, padding="same", use_bias=False)
    x = random(1, 48, 48, 256)
    layer.build(x.shape)
    constant = tf.function(lambda x: layer(x))
    before = constant(x).numpy()
    shared = tf.function(lambda x: layer(x))
    with variable_kernels():
        np.testing.assert_allclose(shared(x), before, atol=1e-4)
    layer.kernel.assign(2.0 * layer.kernel)
    np.testing.assert_array_equal(constant(x), before)
    np.testing.assert_allclose(shared(x), 2 * before, atol=2e-4)
    (captured,) = shared.get_concrete_function(x).captured_inputs
    assert captured is layer.kernel.value.handle
