"""Batch normalisation folded into convolutions, and what is left alone."""

import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import layers
from model_tools import assert_close
from small_models import (
    lively,
    small_dilated_resnet,
    small_fanet,
    small_flow_network,
    small_pre_activation_resnet,
    small_resnet_v1,
)

from accel_tf.layers.blocks import deformable_conv
from accel_tf.layers.folding import fold_batch_normalization
from accel_tf.layers.inference_normalization import InferenceNormalization
from accel_tf.layers.unbiased_batch_normalization import (
    UnbiasedBatchNormalization,
)


def folded(build, *shape, seed=0):
    """Folds the network of `build` and checks that its outputs stay.

    Returns:
        names of its normalisations that are left.
    """
    image = keras.Input((None, None, shape[-1]), name="image")
    network = lively(keras.Model(image, build(image), name="network"))
    return check(network, shape, seed)


def check(network, *shapes_and_seed):
    *shapes, seed = shapes_and_seed
    rng = np.random.default_rng(seed)
    inputs = [rng.standard_normal(n).astype("float32") for n in shapes]
    inputs = inputs if len(inputs) > 1 else inputs[0]
    weights = [w.copy() for w in network.get_weights()]
    expected = network(inputs)
    copy = fold_batch_normalization(network)
    keras.tree.map_structure(assert_close, copy(inputs), expected)
    for one, other in zip(network.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert copy.name == network.name
    paths = [variable.path for variable in copy.weights]
    assert len(set(paths)) == len(paths)
    assert copy.dtype_policy.name == network.dtype_policy.name
    return [
        layer.name
        for layer in copy.layers
        if isinstance(layer, InferenceNormalization)
    ]


@pytest.mark.parametrize(
    "options",
    [
        dict(kernel_size=3, padding="same", use_bias=False),
        dict(kernel_size=3, padding="valid", strides=2),
        dict(kernel_size=3, padding="same", dilation_rate=3),
        dict(kernel_size=1, use_bias=False),
    ],
)
def test_convolution(options):
    def build(x):
        x = layers.Conv2D(5, **options)(x)
        return layers.ReLU()(layers.BatchNormalization()(x))

    assert folded(build, 2, 9, 12, 4) == []


@pytest.mark.parametrize("use_bias", [True, False])
def test_transposed_convolution(use_bias):
    def build(x):
        x = layers.Conv2DTranspose(
            5, 4, strides=2, padding="same", use_bias=use_bias
        )(x)
        return layers.BatchNormalization(scale=False)(x)

    assert folded(build, 2, 5, 6, 4) == []


@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_convolution(multiplier):
    def build(x):
        x = layers.DepthwiseConv2D(
            3,
            padding="same",
            dilation_rate=2,
            depth_multiplier=multiplier,
            use_bias=False,
        )(x)
        return UnbiasedBatchNormalization()(x)

    assert folded(build, 2, 7, 8, 3) == []


def test_deformable_convolution():
    def build(x):
        x = deformable_conv(x, 6, "res", groups=2, offset_dilation=1)
        return layers.BatchNormalization(center=False)(x)

    assert folded(build, 2, 7, 8, 4) == []


def test_what_something_else_sees_too():
    """Another layer, or the network's user, takes the convolution's output."""

    def two_consumers(x):
        x = layers.Conv2D(5, 3, padding="same")(x)
        return layers.BatchNormalization(name="kept")(x) * 2.0 + x

    def two_outputs(x):
        x = layers.Conv2D(5, 3)(x)
        return [x, layers.BatchNormalization(name="kept")(x)]

    assert folded(two_consumers, 2, 6, 7, 3) == ["kept"]
    assert folded(two_outputs, 2, 6, 7, 3) == ["kept"]


def test_what_does_not_follow_a_linear_convolution():
    def build(x):
        x = layers.BatchNormalization(name="of_input")(x)
        x = layers.Conv2D(4, 3, activation="relu")(x)
        x = layers.BatchNormalization(name="after_activation")(x)
        x = layers.MaxPooling2D(2)(layers.Conv2D(4, 3)(x))
        return layers.BatchNormalization(name="after_pooling")(x)

    kept = ["of_input", "after_activation", "after_pooling"]
    assert folded(build, 1, 12, 12, 3) == kept


def test_a_relu_after_what_is_left_becomes_a_part_of_it():
    image = keras.Input((8, 9, 3))
    x = layers.BatchNormalization(name="first")(image)
    x = layers.ReLU(name="gone")(x)
    seen = layers.BatchNormalization(name="seen_twice")(x)
    x = layers.ReLU(name="kept")(seen)
    x = layers.ReLU(max_value=0.5, name="limited")(
        layers.BatchNormalization()(x)
    )
    network = lively(keras.Model(image, [x, seen]))
    check(network, (2, 8, 9, 3), 0)
    names = {layer.name for layer in fold_batch_normalization(network).layers}
    assert "gone" not in names
    assert {"kept", "limited"} <= names


@pytest.mark.parametrize(
    "make, kept",
    [
        (small_resnet_v1, []),
        (small_dilated_resnet, []),
        (small_fanet, []),
        (
            small_pre_activation_resnet,
            ["bn_data"] + [f"stage{n}_unit1_bn1" for n in (1, 2, 3)],
        ),
    ],
)
def test_backbones(make, kept):
    network = lively(make())
    assert check(network, (2, 49, 66, 3), 0) == kept
    # The first fold leaves the network fit for another.
    assert check(network, (1, 33, 32, 3), 1) == kept
    copy = fold_batch_normalization(network)
    assert copy.output_stride == network.output_stride
    assert copy.count_params() < network.count_params()


def test_zeros_around_a_depthwise_convolution_become_its_own():
    image = keras.Input((8, 9, 3))
    x = layers.ZeroPadding2D(1, name="gone")(image)
    x = layers.DepthwiseConv2D(3, strides=2, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ZeroPadding2D(1, name="shared")(x)
    x = layers.DepthwiseConv2D(3)(x) + x[:, 1:-1, 1:-1]
    network = lively(keras.Model(image, x))
    copy = fold_batch_normalization(network)
    names = {layer.name for layer in copy.layers}
    assert "gone" not in names and "shared" in names
    x = np.random.default_rng(0).standard_normal((2, 8, 9, 3), "float32")
    for output in (copy(x), copy.predict(x, verbose=0)):
        assert_close(to_numpy(output), to_numpy(network(x)))


def test_two_inputs_and_no_normalization():
    network = lively(small_flow_network())
    assert check(network, (1, 33, 40, 3), (1, 33, 40, 3), 0) == []


def test_a_program_holds_the_folded_weights():
    """Compiled, it computes what it computes uncompiled."""
    network = lively(small_dilated_resnet())
    copy = fold_batch_normalization(network)
    x = np.random.default_rng(0).standard_normal((2, 40, 48, 3))
    predicted = copy.predict(x.astype("float32"), verbose=0)
    assert_close(predicted, to_numpy(network(x.astype("float32"))))
