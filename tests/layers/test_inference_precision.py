"""Which operations of a folded network stay float32 in bfloat16."""

import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import layers, ops

from accel_tf.layers import AdaptiveAveragePooling, DeformableConv2D
from accel_tf.layers.blocks import deformable_conv
from accel_tf.layers.folding import fold_batch_normalization
from accel_tf.layers.inference_precision import inference_precision
from accel_tf.models.flownet.lucas_kanade_net import LucasKanadeNet
from accel_tf.ops.kernels import kernels_for
from accel_tf.ops.sampling import bilinear_sample

SEED = 7


def folded(network, **options):
    with inference_precision("bfloat16"):
        return fold_batch_normalization(network, **options)


def dtypes(network):
    return {layer.name: layer.output.dtype for layer in network.layers}


def head():
    features = keras.Input((None, None, 8), name="features")
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv")(
        features
    )
    x = layers.ReLU(name="relu")(layers.BatchNormalization()(x))
    x = layers.AveragePooling2D(3, 1, "same", name="average")(x)
    x = layers.Conv2D(3, 1, name="score")(x)
    return keras.Model(features, layers.Rescaling(2.0, name="scale")(x))


def test_scores_are_float32_and_the_convolutions_before_are_not():
    model = head()
    low = folded(model)
    found = dtypes(low)
    assert found["features"] == found["conv"] == found["relu"] == "bfloat16"
    assert found["average"] == found["score"] == found["scale"] == "float32"
    # Stored so, that no program casts them.
    kernel = low.get_layer("conv").kernel
    assert keras.backend.standardize_dtype(kernel.dtype) == "bfloat16"
    x = np.random.default_rng(SEED).normal(size=(1, 6, 7, 8))
    actual, expected = low(x), model(x)
    assert keras.backend.standardize_dtype(actual.dtype) == "float32"
    error = np.abs(to_numpy(actual) - to_numpy(expected)).max()
    assert 0 < error < 0.02 * np.abs(to_numpy(expected)).max()


def test_features_are_bfloat16_to_the_end():
    low = folded(head(), gives_features=True)
    assert dtypes(low)["score"] == low.output.dtype == "bfloat16"
    plain = fold_batch_normalization(head(), gives_features=True)
    assert set(dtypes(plain).values()) == {"float32"}


def test_offsets_reach_a_deformable_convolution_in_float32():
    image = keras.Input((None, None, 8))
    x = layers.Conv2D(8, 1, name="before")(image)
    x = deformable_conv(x, 6, "res", groups=2, offset_dilation=1)
    low = folded(keras.Model(image, layers.Conv2D(3, 1, name="score")(x)))
    found = dtypes(low)
    assert found["before"] == found["res"] == "bfloat16"
    assert found["res_offset"] == "float32"
    # Offsets that bfloat16 does not tell apart.
    layer = DeformableConv2D(1, kernel_size=1, dtype="bfloat16")
    features = np.arange(48, dtype="float32").reshape(1, 6, 8, 1) % 8
    offsets = np.zeros((2, 1, 6, 8, 2), "float32")
    offsets[0, ..., 1], offsets[1, ..., 1] = -4.0, -4.015
    layer.build([(1, 6, 8, 1), (1, 6, 8, 2)])
    layer.set_weights([np.ones((1, 1, 1, 1))])
    same, moved = (to_numpy(layer([features, x]))[0, 3] for x in offsets)
    assert float(same[5, 0]) == 1.0
    assert 0.98 < float(moved[5, 0]) < 0.99


def test_flow_is_sought_in_float32():
    found = dtypes(folded(LucasKanadeNet((4, 4), (4, 4))))
    low = {name for name, dtype in found.items() if dtype == "bfloat16"}
    for name in ("encoder8", "stride4_conv1", "stride8_conv2"):
        assert name in low
    for name in ("step", "neighbours", "weights", "resize", "flow"):
        assert f"stride4_{name}" in found
        assert f"stride4_{name}" not in low
    assert not low & {"current", "previous", "current4", "stride8_change"}


def test_a_frame_is_convolved_in_float32():
    frame = keras.Input((None, None, 3), name="frame")
    x = layers.BatchNormalization(name="colours")(frame)
    x = layers.ZeroPadding2D(1, name="padding")(x)
    x = layers.Conv2D(3, 3, name="first")(x)
    x = layers.ReLU(name="relu")(layers.BatchNormalization()(x))
    pooled = layers.MaxPooling2D(2, name="pooling")(x)
    x = layers.ReLU(name="one_of_two")(pooled)
    x = layers.Conv2D(3, 1, name="second")(x) + pooled
    model = keras.Model(frame, layers.Conv2D(3, 1, name="score")(x))
    found = dtypes(folded(model))
    for name in ("frame", "padding", "first", "relu", "pooling"):
        assert found[name] == "float32"
    assert found["one_of_two"] == found["second"] == "bfloat16"


@pytest.mark.parametrize("channels, dtype", [(16, "float32"), (32, "bfloat16")])
def test_a_wide_kernel_is_right_on_few_channels(channels, dtype):
    """In bfloat16 it would not be on every processor."""
    features = keras.Input((16, 16, channels))
    x = layers.Conv2D(8, 4, strides=4, name="patches")(features)
    model = keras.Model(features, layers.Conv2D(3, 1)(x))
    low = folded(model)
    assert dtypes(low)["patches"] == dtype
    x = np.random.default_rng(SEED).normal(size=(1, 16, 16, channels))
    expected = to_numpy(model(x))
    error = np.abs(to_numpy(low(x)) - expected).max()
    assert error < 0.02 * np.abs(expected).max()


def test_sums_are_made_in_float32():
    """Where numbers of 8 bits are added one by one, most are lost."""
    image = keras.Input((None, None, 8))
    x = layers.Conv2D(2, 1, name="conv")(image)
    means = [
        ops.mean(x, axis=(1, 2), keepdims=True),
        ops.sum(x, axis=(1, 2), keepdims=True) / 4096.0,
        AdaptiveAveragePooling(1)(x),
        layers.AveragePooling2D(64)(x),
    ]
    x = layers.Conv2D(8, 1, name="next")(layers.Concatenate()(means))
    model = keras.Model(image, x)
    kernel = np.eye(8, 2)[None, None]
    model.get_layer("conv").set_weights([kernel, np.zeros(2)])
    model.get_layer("next").set_weights([np.eye(8)[None, None], np.zeros(8)])
    values = np.random.default_rng(SEED).uniform(size=(1, 64, 64, 8))
    found = to_numpy(folded(model, gives_features=True)(values))
    np.testing.assert_allclose(
        found.astype("float32").ravel(),
        np.tile(values.mean((0, 1, 2))[:2], 4),
        rtol=0.01,
    )


@pytest.mark.parametrize("program", ["any", "tensorflow"])
def test_positions_of_samples_are_exact(program):
    images = np.arange(1024, dtype="float32").reshape(1, 2, 512, 1) % 512
    y, x = np.zeros((1, 3)), np.array([[257.0, 258.0, 301.0]])
    low = ops.cast(images, "bfloat16")
    with kernels_for(program):
        found = to_numpy(bilinear_sample(low, y, x, "zero"))[0, :, 0]
    expected = to_numpy(low)[0, 0, [257, 258, 301], 0]
    assert found.tolist() == expected.tolist()
