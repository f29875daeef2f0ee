"""Operators against outputs of the framework of the original code."""

import functools

import keras
import numpy as np
import pytest
from backend import gradients, to_numpy
from keras import layers, ops
from reference import FIXTURES

from accel_tf.layers import CropLike
from accel_tf.layers.blocks import batch_norm, max_pool
from accel_tf.models.flownet import flow_image
from accel_tf.ops import (
    class_labels,
    deformable_conv2d,
    resize_bilinear,
    upsample_scores,
    warp,
)
from accel_tf.ops.kernels import kernels_for


@pytest.fixture(scope="module")
def stored():
    return np.load(FIXTURES / "accel_operators.npz")


def channels_last(array):
    return np.moveaxis(array, 1, -1)


def assert_equal(actual, expected, atol=1e-5):
    np.testing.assert_allclose(
        to_numpy(actual), channels_last(expected), atol=atol
    )


def apply(build, x, *more):
    """Runs a functional building block on channels-first arrays."""
    arrays = [channels_last(array) for array in (x, *more)]
    inputs = [keras.Input(array.shape[1:]) for array in arrays]
    return keras.Model(inputs, build(*inputs))(arrays)


def test_warp(stored):
    output = warp(
        channels_last(stored["warp/feature"]),
        channels_last(stored["warp/flow"]),
    )
    assert_equal(output, stored["warp/output"])


@pytest.mark.parametrize("groups", [1, 4])
def test_deformable_conv2d(stored, groups):
    name = f"deformable_g{groups}"
    output = deformable_conv2d(
        channels_last(stored[f"{name}/x"]),
        channels_last(stored[f"{name}/offset"]),
        ops.convert_to_tensor(stored[f"{name}/weight"].transpose(2, 3, 1, 0)),
        dilation_rate=2,
        deformable_groups=groups,
    )
    assert_equal(output, stored[f"{name}/output"], atol=1e-4)


@pytest.mark.parametrize("size", ["a", "b"])
@pytest.mark.parametrize(
    "name, padding",
    [("max_pool_full_k3s2p0", (0, 1)), ("max_pool_valid_k3s2p1", (1, 1))],
)
def test_max_pool(stored, name, padding, size):
    # The networks pool what a ReLU has left.
    x = stored[f"{name}/x_{size}"]
    shift = x.min()
    output = apply(lambda x: max_pool(x, padding, "pool"), x - shift)
    assert_equal(output, stored[f"{name}/output_{size}"] - shift)


@pytest.mark.parametrize("size", ["a", "b"])
def test_average_pool(stored, size):
    name = "avg_pool_full_k2s2p0"
    x = channels_last(stored[f"{name}/x_{size}"])
    assert_equal(flow_image(x) * 255.0, stored[f"{name}/output_{size}"])


def transposed_conv(weight, bias=None):
    layer = layers.Conv2DTranspose(
        weight.shape[1], 4, strides=2, padding="same", use_bias=bias is not None
    )
    layer.build((None, None, None, weight.shape[0]))
    weights = [weight.transpose(2, 3, 1, 0)]
    layer.set_weights(weights if bias is None else [*weights, bias])
    return layer


def test_transposed_conv(stored):
    name = "deconv_k4s2p1"
    output = apply(
        transposed_conv(stored[f"{name}/weight"]), stored[f"{name}/x"]
    )
    assert_equal(output, stored[f"{name}/output"])


def test_transposed_conv_with_crop(stored):
    name = "deconv_k4s2p0_crop1"
    layer = transposed_conv(stored[f"{name}/weight"], stored[f"{name}/bias"])
    output = apply(
        lambda x, skip: CropLike()([layer(x), skip]),
        stored[f"{name}/x"],
        stored[f"{name}/output"],
    )
    assert_equal(output, stored[f"{name}/output"])


def test_upsample_scores(stored):
    name = "upsampling_k32s16_crop8"
    expected = stored[f"{name}/output"]
    output = upsample_scores(
        channels_last(stored[f"{name}/x"]), 16, expected.shape[2:]
    )
    assert_equal(output, expected)


@pytest.mark.parametrize("fix_gamma", [True, False])
def test_batch_norm(stored, fix_gamma):
    values = {
        key: stored[f"batch_norm/{key}"]
        for key in ("gamma", "beta", "moving_mean", "moving_var")
    }
    if fix_gamma:
        del values["gamma"]
    inputs = keras.Input((None, None, 4))
    model = keras.Model(
        inputs, batch_norm(inputs, "bn", epsilon=2e-5, scale=not fix_gamma)
    )
    model.get_layer("bn").set_weights(list(values.values()))
    output = model(channels_last(stored["batch_norm/x"]))
    name = f"output_fix_gamma_{str(fix_gamma).lower()}_eps2e-5"
    assert_equal(output, stored[f"batch_norm/{name}"])


def test_deformable_conv2d_without_offsets_is_a_convolution():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((2, 8, 9, 4)).astype("float32")
    kernel = rng.standard_normal((3, 3, 4, 5)).astype("float32")
    for strides, size in ((1, (8, 9)), (2, (4, 5))):
        offsets = np.zeros((2, *size, 36), "float32")
        output = deformable_conv2d(
            x,
            offsets,
            ops.convert_to_tensor(kernel),
            strides=strides,
            deformable_groups=2,
        )
        padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
        expected = ops.conv(padded, kernel, strides=strides)
        np.testing.assert_allclose(
            to_numpy(output), to_numpy(expected), atol=1e-4
        )


def test_deformable_conv2d_gradients_equal_finite_differences():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((1, 5, 6, 2)).astype("float32")
    kernel = rng.standard_normal((3, 3, 2, 3)).astype("float32")
    offsets = rng.integers(-2, 3, (1, 5, 6, 18))
    offsets = (offsets + rng.uniform(0.2, 0.8, offsets.shape)).astype("float32")
    weight = rng.standard_normal((1, 5, 6, 3)).astype("float32")

    def loss(x, offsets, kernel):
        kernel = ops.convert_to_tensor(kernel)
        output = deformable_conv2d(x, offsets, kernel)
        return ops.sum(ops.multiply(output, weight))

    values = [x, offsets, kernel]
    analytic = gradients(loss, *values)
    for argument, gradient in enumerate(analytic):
        chosen = rng.choice(gradient.size, 10, replace=False)
        for index in zip(
            *np.unravel_index(chosen, gradient.shape), strict=True
        ):
            sides = []
            for step in (0.1, -0.1):
                moved = [value.copy() for value in values]
                moved[argument][index] += step
                sides.append(float(to_numpy(loss(*moved))))
            assert abs((sides[0] - sides[1]) / 0.2 - gradient[index]) < 5e-3


def test_deformable_conv2d_errors_name_numbers():
    x = np.zeros((1, 4, 4, 4), "float32")
    kernel = ops.zeros((3, 3, 4, 2))
    with pytest.raises(ValueError, match="offsets must have 36 channels"):
        deformable_conv2d(
            x, np.zeros((1, 4, 4, 18), "float32"), kernel, deformable_groups=2
        )
    with pytest.raises(ValueError, match="deformable_groups=3"):
        deformable_conv2d(x, x, kernel, deformable_groups=3)


@pytest.mark.parametrize("size", [(9, 11), (4, 3), (5, 7)])
def test_resize_bilinear(size):
    image = np.random.default_rng(5).standard_normal((2, 5, 7, 3))
    image = image.astype("float32")
    half_pixel = to_numpy(resize_bilinear(image, size))
    corners = to_numpy(resize_bilinear(image, size, align_corners=True))
    for actual, align in ((half_pixel, False), (corners, True)):
        axes = []
        for new, old in zip(size, (5, 7), strict=True):
            index = np.arange(new)
            if align:
                axes.append(np.linspace(0, old - 1, new))
            else:
                position = (index + 0.5) * old / new - 0.5
                axes.append(np.clip(position, 0, old - 1))
        rows = [
            [np.interp(axes[1], np.arange(7), row) for row in plane]
            for plane in np.moveaxis(image, -1, 1).reshape(-1, 5, 7)
        ]
        planes = [
            [np.interp(axes[0], np.arange(5), column) for column in plane.T]
            for plane in np.array(rows)
        ]
        expected = np.array(planes).swapaxes(1, 2).reshape(2, 3, *size)
        np.testing.assert_allclose(
            actual, np.moveaxis(expected, 1, -1), atol=1e-5
        )


def interpolated(image, size):
    """`resize_bilinear` of `[1, H, W, 1]` by NumPy."""
    result = image[0, :, :, 0]
    for new in size:
        old = len(result)
        places = (np.arange(new) + 0.5) * old / new - 0.5
        lines = [np.interp(places, np.arange(old), x) for x in result.T]
        result = np.array(lines)
    return result[None, ..., None]


@pytest.mark.parametrize("size", [(259, 130), (11, 1100), (67, 64)])
def test_resize_bilinear_by_blocks(size):
    image = np.random.default_rng(6).standard_normal((1, 33, 140, 1))
    image = image.astype("float32")
    expected = interpolated(image, size)
    # The places are rounded to float32.
    known = to_numpy(resize_bilinear(image, size))
    np.testing.assert_allclose(known, expected, atol=2e-4)
    if keras.backend.backend() == "tensorflow":
        unknown = of_any_size()(image, size)
        np.testing.assert_allclose(unknown, expected, atol=2e-4)
    weight = np.random.default_rng(7).standard_normal(expected.shape)
    weight = weight.astype("float32")
    (gradient,) = gradients(
        lambda x: ops.sum(ops.multiply(resize_bilinear(x, size), weight)),
        image,
    )
    # It is linear: the sum is the gradient's product with the image.
    np.testing.assert_allclose(
        (gradient * image).sum(), (expected * weight).sum(), atol=1e-2
    )


@functools.cache
def of_any_size():
    import tensorflow as tf

    return tf.function(
        lambda image, size: resize_bilinear(image, tf.unstack(size)),
        input_signature=[
            tf.TensorSpec([1, None, None, 1]),
            tf.TensorSpec([2], "int32"),
        ],
        autograph=False,
    )


@pytest.mark.parametrize("kind", ["any", "xla"])
def test_resizing_a_wide_image_takes_no_square_matrix(kind):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("reads the tensors of TensorFlow's graph")
    import tensorflow as tf

    height, width = 6, 16000

    @tf.function(input_signature=[tf.TensorSpec([1, 3, 1000, 1])])
    def program(image):
        with kernels_for(kind):
            return resize_bilinear(image, (height, width))

    graph = program.get_concrete_function().graph
    sizes = [
        tensor.shape.num_elements()
        for operation in graph.get_operations()
        for tensor in operation.outputs
    ]
    # A block of 64 places reads as many pixels and a few; a matrix between
    # all places and all pixels has 16 million elements.
    assert height * width <= max(sizes) <= 70 * (height + width)


def test_class_labels_are_the_first_of_the_greatest():
    scores = np.random.default_rng(0).standard_normal((2, 9, 7, 200))
    scores = scores.astype("float32").round(1)  # many are equal
    labels = class_labels(keras.ops.convert_to_tensor(scores))
    assert keras.backend.standardize_dtype(labels.dtype) == "uint8"
    np.testing.assert_array_equal(to_numpy(labels), scores.argmax(-1))
