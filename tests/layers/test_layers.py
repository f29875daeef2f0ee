"""Layers and building blocks that the networks share."""

import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import ops

from accel_tf.layers import (
    CropLike,
    DeformableConv2D,
    SpatialLayerNormalization,
)
from accel_tf.layers.blocks import (
    batch_norm,
    conv2d,
    deformable_conv,
    dtype_scope,
    max_pool,
    relu,
)
from accel_tf.layers.padded_max_pooling import PaddedMaxPooling
from accel_tf.layers.unbiased_batch_normalization import (
    UnbiasedBatchNormalization,
)
from accel_tf.ops import deformable_conv2d
from accel_tf.ops.kernels import PROGRAMS, kernels_for


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def block(build, channels):
    """A functional model of one block."""
    inputs = keras.Input((None, None, channels))
    return keras.Model(inputs, build(inputs))


# === Deformable convolution ===


def test_deformable_layer_is_the_operation():
    layer = DeformableConv2D(6, dilation_rate=2, deformable_groups=2)
    features, offsets = random(2, 5, 7, 4), 2 * random(2, 5, 7, 36, seed=1)
    outputs = layer([features, offsets])
    assert [tuple(w.shape) for w in layer.weights] == [(3, 3, 4, 6)]
    expected = deformable_conv2d(
        features,
        offsets,
        ops.convert_to_tensor(layer.kernel),
        dilation_rate=2,
        deformable_groups=2,
    )
    np.testing.assert_allclose(to_numpy(outputs), to_numpy(expected), atol=1e-6)


def test_deformable_layer_config():
    layer = DeformableConv2D(
        6,
        kernel_size=5,
        dilation_rate=2,
        deformable_groups=3,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.5),
        name="deformable",
        dtype="mixed_bfloat16",
    )
    config = layer.get_config()
    copy = DeformableConv2D.from_config(config)
    assert copy.get_config() == config
    assert copy.kernel_initializer.stddev == 0.5
    assert copy.dtype_policy.name == "mixed_bfloat16"


def test_deformable_layer_is_symbolic_and_saved(tmp_path):
    features = keras.Input((None, None, 4))
    offsets = keras.Input((None, None, 18))
    outputs = DeformableConv2D(6)([features, offsets])
    assert tuple(outputs.shape) == (None, None, None, 6)
    model = keras.Model([features, offsets], outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    inputs = [random(1, 5, 7, 4), random(1, 5, 7, 18, seed=1)]
    np.testing.assert_allclose(
        to_numpy(loaded(inputs)), to_numpy(model(inputs)), atol=1e-6
    )


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_deformable_layer_in_mixed_precision(policy):
    layer = DeformableConv2D(6, dtype=policy)
    inputs = [random(1, 5, 7, 4), random(1, 5, 7, 18, seed=1)]
    outputs = layer(inputs)
    dtype = keras.backend.standardize_dtype
    assert dtype(layer.kernel.dtype) == "float32"
    assert dtype(outputs.dtype) == policy.removeprefix("mixed_")
    precise = DeformableConv2D(6)
    precise.build([x.shape for x in inputs])
    precise.kernel.assign(layer.kernel)
    np.testing.assert_allclose(
        to_numpy(ops.cast(outputs, "float32")),
        to_numpy(precise(inputs)),
        atol=0.1,
    )


@pytest.mark.parametrize("groups, offset_dilation", [(1, 1), (2, 2)])
def test_deformable_block_starts_as_a_dilated_convolution(
    groups, offset_dilation
):
    model = block(
        lambda x: deformable_conv(x, 6, "conv", groups, offset_dilation), 4
    )
    offset = model.get_layer("conv_offset")
    assert tuple(offset.kernel.shape) == (3, 3, 4, groups * 18)
    assert offset.dilation_rate == (offset_dilation, offset_dilation)
    x = random(1, 7, 9, 4)
    plain = keras.layers.Conv2D(
        6, 3, dilation_rate=2, padding="same", use_bias=False
    )
    plain.build(x.shape)
    plain.kernel.assign(model.get_layer("conv").kernel)
    np.testing.assert_allclose(
        to_numpy(model(x)), to_numpy(plain(x)), atol=1e-5
    )
    # Offsets of one row move what is seen by one row.
    bias = np.zeros(groups * 18, "float32")
    bias[::2] = 1.0
    offset.bias.assign(bias)
    lower = np.concatenate([x[:, 1:], np.zeros_like(x[:, :1])], axis=1)
    moved, expected = to_numpy(model(x)), to_numpy(plain(lower))
    np.testing.assert_allclose(moved[:, 2:], expected[:, 2:], atol=1e-5)


def test_an_offset_that_is_no_number_spoils_its_own_pixel_only():
    """Training that diverges ends in a loss of NaN, not in an exception."""
    layer = DeformableConv2D(6)
    features, offsets = random(1, 5, 7, 4), random(1, 5, 7, 18, seed=1)
    expected = to_numpy(layer([features, offsets])).copy()
    offsets[0, 2, 3, 0] = np.nan
    outputs = to_numpy(layer([features, offsets])).copy()
    assert np.isnan(outputs[0, 2, 3]).all()
    outputs[0, 2, 3] = expected[0, 2, 3] = 0.0
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


# === Cropping ===


def test_crop_like():
    features, reference = random(2, 6, 8, 3), random(2, 5, 7, 9)
    outputs = CropLike()([features, reference])
    np.testing.assert_array_equal(to_numpy(outputs), features[:, :5, :7])
    shape = CropLike().compute_output_shape([(2, 6, 8, 3), (2, 5, 7, 9)])
    assert tuple(shape) == (2, 5, 7, 3)
    symbolic = [keras.Input((6, 8, 3)), keras.Input((5, 7, 9))]
    assert tuple(CropLike()(symbolic).shape) == (None, 5, 7, 3)
    layer = CropLike(name="crop")
    assert CropLike.from_config(layer.get_config()).name == "crop"


# === Convolution, normalisation, pooling ===


def padded_convolution(x, kernel, strides, dilation):
    """With as many zeros on every side, pixel by pixel."""
    size = kernel.shape[0]
    pad = dilation * (size - 1) // 2
    x = np.pad(x, [(0, 0), (pad, pad), (pad, pad), (0, 0)])
    reach = dilation * (size - 1) + 1
    rows = range(0, x.shape[1] - reach + 1, strides)
    columns = range(0, x.shape[2] - reach + 1, strides)
    output = np.zeros((x.shape[0], len(rows), len(columns), kernel.shape[3]))
    for j, row in enumerate(rows):
        for i, column in enumerate(columns):
            window = x[
                :,
                row : row + reach : dilation,
                column : column + reach : dilation,
            ]
            output[:, j, i] = np.tensordot(window, kernel, 3)
    return output


@pytest.mark.parametrize("size", [(8, 10), (7, 9)])
@pytest.mark.parametrize(
    "kernel_size, strides, dilation",
    [(1, 1, 1), (1, 2, 1), (3, 1, 1), (3, 2, 1), (3, 1, 2), (7, 2, 1)],
)
def test_conv2d_pads_all_sides_alike(size, kernel_size, strides, dilation):
    model = block(
        lambda x: conv2d(
            x, 4, kernel_size, "conv", strides=strides, dilation_rate=dilation
        ),
        3,
    )
    layer = model.get_layer("conv")
    assert not layer.use_bias
    x = random(2, *size, 3)
    expected = padded_convolution(x, to_numpy(layer.kernel), strides, dilation)
    np.testing.assert_allclose(to_numpy(model(x)), expected, atol=1e-5)


def test_conv2d_with_bias():
    model = block(lambda x: conv2d(x, 4, 3, "conv", use_bias=True), 3)
    model.get_layer("conv").bias.assign([1.0, 2.0, 3.0, 4.0])
    x = np.zeros((1, 2, 2, 3), "float32")
    np.testing.assert_array_equal(to_numpy(model(x))[0, 0, 0], [1, 2, 3, 4])


def test_batch_norm():
    model = block(lambda x: batch_norm(x, "bn", epsilon=0.5), 2)
    layer = model.get_layer("bn")
    for variable, value in (
        (layer.gamma, [2.0, 3.0]),
        (layer.beta, [0.5, -1.0]),
        (layer.moving_mean, [1.0, 2.0]),
        (layer.moving_variance, [3.5, 8.5]),
    ):
        variable.assign(value)
    x = random(1, 2, 3, 2)
    expected = (x - [1, 2]) / np.sqrt([4, 9]) * [2, 3] + [0.5, -1]
    np.testing.assert_allclose(to_numpy(model(x)), expected, atol=1e-5)


def test_batch_norm_without_scale():
    layer = block(lambda x: batch_norm(x, "bn", scale=False), 2).get_layer("bn")
    names = {variable.name for variable in layer.variables}
    assert names == {"beta", "moving_mean", "moving_variance"}


@pytest.mark.parametrize("mean, deviation", [(0, 1), (50, 1), (1, 0.01)])
def test_spatial_layer_normalization(mean, deviation):
    """Against float64, also where a channel hardly varies."""
    x = mean + deviation * random(2, 6, 8, 3)
    layer = SpatialLayerNormalization((6, 8))
    gamma, beta = random(6, 8, seed=1), random(6, 8, seed=2)
    layer.set_weights([gamma, beta])
    exact = x.astype("float64")
    exact -= exact.mean((1, 2), keepdims=True)
    exact /= np.sqrt((exact**2).mean((1, 2), keepdims=True) + 1e-5)
    exact = exact * gamma[..., None] + beta[..., None]
    actual = to_numpy(layer(ops.convert_to_tensor(x)))
    np.testing.assert_allclose(actual, exact, atol=2e-4)


@pytest.mark.parametrize("size", [8, 7])
@pytest.mark.parametrize("padding", [(0, 1), (1, 1)])
def test_max_pool_of_a_ramp(padding, size):
    ramp = np.arange(size, dtype="float32") + 1
    x = np.broadcast_to(ramp[None, :, None, None], (1, size, size, 1))
    model = block(lambda x: max_pool(x, padding, "pool"), 1)
    outputs = to_numpy(model(x))[0, :, 0, 0]
    # The last pixel that a window reaches is the greatest.
    starts = range(-padding[0], size + sum(padding) - 2 - padding[0], 2)
    expected = [ramp[min(start + 2, size - 1)] for start in starts]
    np.testing.assert_array_equal(outputs, expected)


@pytest.mark.parametrize("padding", [(0, 1), (1, 1)])
@pytest.mark.parametrize("size", [(8, 12), (8, 7), (None, None)])
@pytest.mark.parametrize("signed", [True, False])
def test_max_pool_in_every_program(padding, size, signed):
    x = random(2, *(side or 9 for side in size), 3)
    x = x - 9 if signed else np.maximum(x, 0)
    layer = PaddedMaxPooling(padding, signed)
    expected = to_numpy(layer(x))
    windows = np.pad(
        x, ((0, 0), padding, padding, (0, 0)), constant_values=-np.inf
    )
    windows = np.lib.stride_tricks.sliding_window_view(windows, (3, 3), (1, 2))
    np.testing.assert_array_equal(
        expected, windows[:, ::2, ::2].max(axis=(-1, -2))
    )
    inputs = keras.Input((*size, 3), batch_size=2)
    outputs = PaddedMaxPooling.from_config(layer.get_config())(inputs)
    program = keras.Model(inputs, outputs)
    for kind in PROGRAMS:
        with kernels_for(kind):
            actual = program.predict_on_batch(x)
        program.predict_function = None  # of this kind only
        np.testing.assert_array_equal(actual, expected)
    assert tuple(outputs.shape)[1:] == (
        (None, None, 3) if size[0] is None else expected.shape[1:]
    )


def test_relu_keeps_its_name():
    model = block(lambda x: relu(x, "activation"), 1)
    x = np.array([-1.0, 2.0], "float32").reshape(1, 1, 2, 1)
    assert to_numpy(model(x)).ravel().tolist() == [0.0, 2.0]
    assert model.get_layer("activation")


# === The dtype policy of what is built inside ===


@pytest.mark.parametrize(
    "dtype",
    [
        "mixed_bfloat16",
        keras.dtype_policies.DTypePolicy("mixed_bfloat16"),
        keras.dtype_policies.serialize(
            keras.dtype_policies.DTypePolicy("mixed_bfloat16")
        ),
    ],
    ids=["name", "policy", "config"],
)
def test_dtype_scope(dtype):
    before = keras.config.dtype_policy().name
    with dtype_scope(dtype):
        layer = keras.layers.ReLU()
        with dtype_scope(None):
            inner = keras.layers.ReLU()
    assert (
        layer.dtype_policy.name == inner.dtype_policy.name == "mixed_bfloat16"
    )
    assert keras.config.dtype_policy().name == before


def test_dtype_scope_ends_with_an_error():
    before = keras.config.dtype_policy().name
    with pytest.raises(RuntimeError), dtype_scope("mixed_float16"):
        raise RuntimeError
    assert keras.config.dtype_policy().name == before


# === Batch normalisation ===


@pytest.mark.parametrize("shape", [(3, 4, 5, 2), (4, 1, 1, 2), (1, 1, 1, 2)])
def test_variance_moves_to_the_unbiased_one(shape):
    plain = keras.layers.BatchNormalization(momentum=0.9)
    layer = UnbiasedBatchNormalization(momentum=0.9)
    moved = 1.0
    for index in range(3):
        x = random(*shape, seed=index)
        outputs = layer(x, training=True)
        np.testing.assert_allclose(outputs, plain(x, training=True), atol=1e-6)
        count = x[..., 0].size
        unbiased = x.var((0, 1, 2)) * count / max(count - 1, 1)
        moved = 0.9 * moved + 0.1 * unbiased
        np.testing.assert_allclose(layer.moving_variance, moved, rtol=1e-5)
        np.testing.assert_allclose(
            layer.moving_mean, plain.moving_mean, rtol=1e-6
        )


def test_fixed_statistics_stay():
    layer = UnbiasedBatchNormalization()
    layer.build((None, None, None, 2))
    before = layer.get_weights()
    layer(random(2, 3, 4, 2), training=False)
    layer.trainable = False
    layer(random(2, 3, 4, 2), training=True)
    for value, old in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, old)
