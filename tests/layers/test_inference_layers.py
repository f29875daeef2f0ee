"""Layers of folded networks, in programs and out of them."""

import contextlib

import keras
import numpy as np
import pytest
from backend import to_numpy

from accel_tf.layers import inference_depthwise_conv2d
from accel_tf.layers.inference_conv2d import variable_kernels
from accel_tf.layers.inference_conv2d_transpose import (
    InferenceConv2DTranspose,
)
from accel_tf.layers.inference_depthwise_conv2d import (
    InferenceDepthwiseConv2D,
)
from accel_tf.layers.inference_normalization import InferenceNormalization
from accel_tf.ops.kernels import kernels_for

ON_TENSORFLOW = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="other backends read variables always",
)


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def assert_everywhere(layer, x, expected):
    """In a program of a known size, in one of any, and in none."""
    np.testing.assert_allclose(to_numpy(layer(x)), expected, atol=1e-5)
    for size in (x.shape[1:3], (None, None)):
        actual = in_program(layer, x, (None, *size, x.shape[-1]))
        np.testing.assert_allclose(actual, expected, atol=1e-5)


def in_program(layer, x, shape):
    """What a program for inputs of a shape gives."""
    if keras.backend.backend() != "tensorflow":
        inputs = keras.Input(shape[1:])
        return keras.Model(inputs, layer(inputs)).predict(x, verbose=0)
    import tensorflow as tf

    # Without the pipeline that `predict` makes of an array.
    spec = tf.TensorSpec(shape, "float32")
    return tf.function(layer, [spec], autograph=False)(x)


@pytest.mark.parametrize(
    "options",
    [
        dict(kernel_size=4, strides=2, padding="same"),
        dict(kernel_size=4, strides=2, padding="same", use_bias=False),
        dict(kernel_size=8, strides=4, padding="same", activation="relu"),
        # What is no up-sampling by 2x2 inputs.
        dict(kernel_size=4, strides=2, padding="valid"),
        dict(kernel_size=3, strides=2, padding="same"),
        dict(kernel_size=6, strides=3, padding="same"),
        dict(kernel_size=4, strides=2, padding="same", output_padding=1),
    ],
)
def test_transposed_convolution(options):
    plain = keras.layers.Conv2DTranspose(
        3, bias_initializer="random_normal", **options
    )
    layer = InferenceConv2DTranspose(3, **options)
    x = random(2, 5, 7, 4)
    expected = to_numpy(plain(x))
    layer.build(x.shape)
    layer.set_weights(plain.get_weights())
    assert_everywhere(layer, x, expected)


@pytest.mark.parametrize(
    "options",
    [
        dict(padding="same"),
        dict(padding="same", strides=2, activation="relu"),
        dict(padding="same", dilation_rate=2),
        dict(padding="valid", dilation_rate=3, depth_multiplier=2),
        dict(padding="valid", strides=2, use_bias=False),
    ],
)
def test_depthwise_convolution(options):
    plain = keras.layers.DepthwiseConv2D(
        3, bias_initializer="random_normal", **options
    )
    x = random(2, 10, 13, 4)
    expected = to_numpy(plain(x))
    layer = InferenceDepthwiseConv2D.from_config(plain.get_config())
    layer.build(x.shape)
    layer.set_weights(plain.get_weights())
    assert_everywhere(layer, x, expected)


@ON_TENSORFLOW
@pytest.mark.parametrize("has_onednn", [False, True])
def test_what_another_machine_may_run_does_not_dilate(has_onednn, monkeypatch):
    """TensorFlow's operation dilates with oneDNN only."""
    import tensorflow as tf

    module = inference_depthwise_conv2d
    monkeypatch.setattr(module, "_dilates_here", lambda dtype: has_onednn)
    layer, x = InferenceDepthwiseConv2D(3, dilation_rate=2), random(1, 9, 9, 2)
    layer.build(x.shape)

    def dilations(scope):
        with scope:
            program = tf.function(lambda x: layer(x)).get_concrete_function(
                tf.TensorSpec(x.shape)
            )
        return {
            tuple(node.attr["dilations"].list.i)
            for node in program.graph.as_graph_def().node
            if node.op == "DepthwiseConv2dNative"
        }

    here, exported = contextlib.ExitStack(), contextlib.ExitStack()
    exported.enter_context(variable_kernels())
    exported.enter_context(kernels_for("tensorflow"))
    assert dilations(exported) == {(1, 1, 1, 1)}
    assert dilations(here) == {(1, 2, 2, 1) if has_onednn else (1, 1, 1, 1)}
    assert dilations(variable_kernels()) == {(1, 2, 2, 1)}  # to be converted


@pytest.mark.parametrize("relu", [False, True])
def test_normalization(relu):
    layer = InferenceNormalization(relu)
    x = random(2, 5, 7, 4)
    layer.build(x.shape)
    scale, offset = random(4, seed=1), random(4, seed=2)
    layer.set_weights([scale, offset])
    expected = x * scale + offset
    if relu:
        expected = np.maximum(expected, 0.0)
    assert_everywhere(layer, x, expected)
    np.testing.assert_allclose(
        to_numpy(layer(x[:, 0, 0])), expected[:, 0, 0], atol=1e-5
    )


@ON_TENSORFLOW
@pytest.mark.parametrize(
    "make",
    [
        lambda: InferenceConv2DTranspose(3, 4, strides=2, padding="same"),
        InferenceNormalization,
    ],
)
def test_programs_to_be_saved_notice_new_weights(make):
    import tensorflow as tf

    layer, x = make(), random(1, 5, 7, 4)
    before = layer(x).numpy()
    constant = tf.function(lambda x: layer(x))
    shared = tf.function(lambda x: layer(x))
    np.testing.assert_allclose(constant(x), before, atol=1e-5)
    with variable_kernels():
        np.testing.assert_allclose(shared(x), before, atol=1e-5)
    layer.set_weights([2 * weight for weight in layer.get_weights()])
    np.testing.assert_allclose(constant(x), before, atol=1e-5)
    np.testing.assert_allclose(shared(x), 2 * before, atol=1e-5)
    assert {id(x) for x in shared.get_concrete_function(x).captured_inputs} == {
        id(weight.value.handle) for weight in layer.weights
    }


@pytest.mark.parametrize(
    "options", [{}, dict(strides=2), dict(dilation_rate=2)]
)
@pytest.mark.parametrize("zeros", [((1, 1), (1, 1)), ((0, 1), (2, 1))])
def test_depthwise_convolution_with_zeros_around(options, zeros):
    plain = keras.layers.DepthwiseConv2D(
        3, bias_initializer="random_normal", **options
    )
    x = random(2, 10, 13, 4)
    expected = to_numpy(plain(keras.layers.ZeroPadding2D(zeros)(x)))
    config = {**plain.get_config(), "zeros": zeros}
    layer = InferenceDepthwiseConv2D.from_config(config)
    layer.build(x.shape)
    layer.set_weights(plain.get_weights())
    assert layer.compute_output_shape(x.shape) == expected.shape
    assert_everywhere(layer, x, expected)
