import sys

import keras
import numpy as np
import pytest
from backend import gradients, to_numpy
from keras import ops

from accel_tf.ops import dense_image_warp, warp
from accel_tf.recipes.benchmarks.addons_warp import load_dense_image_warp

RNG = np.random.default_rng(7)


def float64_warp(image, y, x, border):
    """Bilinear sampling written out for one pixel at a time."""
    batch, height, width, _ = image.shape
    output = np.zeros((batch, *y.shape[1:3], image.shape[3]))

    def pixel(b, row, column):
        inside = 0 <= row < height and 0 <= column < width
        if not inside and border == "zero":
            return 0.0
        row, column = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
        return image[b, row, column].astype("float64")

    for b, j, i in np.ndindex(y.shape):
        row, column = float(y[b, j, i]), float(x[b, j, i])
        if border == "clamp":
            row = min(max(row, 0), height - 1)
            column = min(max(column, 0), width - 1)
        top, left = int(np.floor(row)), int(np.floor(column))
        for dy, dx in np.ndindex(2, 2):
            weight = abs(1 - dy - (row - top)) * abs(1 - dx - (column - left))
            output[b, j, i] += weight * pixel(b, top + dy, left + dx)
    return output


def example(shape=(2, 7, 9, 3), amplitude=6.0):
    image = RNG.standard_normal(shape).astype("float32")
    flow = RNG.uniform(-amplitude, amplitude, (*shape[:3], 2))
    return image, flow.astype("float32")


@pytest.mark.parametrize("shape", [(2, 7, 9, 3), (1, 2, 2, 1), (1, 1, 5, 2)])
@pytest.mark.parametrize("border", ["zero", "clamp"])
def test_warp_equals_float64(shape, border):
    features, flow = example(shape)
    flow[0, 0, 0] = [-0.5, 0.25]
    y, x = np.mgrid[: shape[1], : shape[2]].astype("float64")
    expected = float64_warp(
        features, y + flow[..., 1], x + flow[..., 0], border
    )
    actual = to_numpy(warp(features, flow, border=border))
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_dense_image_warp_equals_float64():
    image, flow = example()
    y, x = np.mgrid[:7, :9].astype("float64")
    expected = float64_warp(image, y - flow[..., 0], x - flow[..., 1], "clamp")
    actual = to_numpy(dense_image_warp(image, flow))
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.skipif(
    sys.version_info >= (3, 12) or keras.backend.backend() != "tensorflow",
    reason="TensorFlow Addons runs on TensorFlow and ends with Python 3.11",
)
def test_dense_image_warp_equals_tensorflow_addons():
    original = load_dense_image_warp()
    # Each is traced anew, with its gradients.
    for shape in ((2, 17, 9, 3), (1, 2, 2, 1)):
        image, flow = example(shape, amplitude=12.0)
        np.testing.assert_allclose(
            dense_image_warp(image, flow), original(image, flow), atol=1e-5
        )
        weight = RNG.standard_normal(shape).astype("float32")
        ours = gradients(
            lambda i, f, w=weight: ops.sum(dense_image_warp(i, f) * w),
            image,
            flow,
        )
        theirs = gradients(
            lambda i, f, w=weight: ops.sum(original(i, f) * w), image, flow
        )
        for mine, reference in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, reference, atol=1e-4)


@pytest.mark.parametrize("border", ["zero", "clamp"])
def test_gradients_equal_finite_differences(border):
    features, flow = example((1, 5, 6, 2), amplitude=3.0)
    # Away from pixel centres the warp is linear in each coordinate.
    flow = np.floor(flow) + RNG.uniform(0.2, 0.8, flow.shape).astype("float32")
    weight = RNG.standard_normal(features.shape).astype("float32")

    def loss(features, flow):
        return ops.sum(
            ops.multiply(warp(features, flow, border=border), weight)
        )

    analytic = gradients(loss, features, flow)
    for argument, step in ((0, 0.5), (1, 0.1)):
        shape = (features, flow)[argument].shape
        count = int(np.prod(shape))
        steps = step * np.eye(count, dtype="float32").reshape(-1, *shape[1:])
        sides = []
        for sign in (1, -1):
            # A batch in which each image differs in one value.
            moved = [value.repeat(count, 0) for value in (features, flow)]
            moved[argument] += sign * steps
            outputs = to_numpy(warp(*moved, border=border))
            sides.append((outputs * weight).sum((1, 2, 3)))
        numeric = (sides[0] - sides[1]).reshape(shape) / (2 * step)
        np.testing.assert_allclose(analytic[argument], numeric, atol=2e-3)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_keeps_positions_exact(dtype):
    features = np.zeros((1, 1, 2051, 1), "float32")
    features[0, 0, 2050] = 1.0
    flow = np.zeros((1, 1, 2051, 2), "float32")
    flow[0, 0, :, 0] = 0.5
    output = warp(ops.cast(features, dtype), flow)
    assert keras.backend.standardize_dtype(output.dtype) == dtype
    output = to_numpy(ops.cast(output, "float32"))[0, 0, :, 0]
    assert output[2049] == 0.5 and output[2050] == 0.5


def test_far_outside():
    features, flow = example()
    flow[:] = 1e30
    assert not to_numpy(warp(features, flow)).any()
    corner = to_numpy(warp(features, flow, border="clamp"))
    np.testing.assert_array_equal(
        corner, np.broadcast_to(features[:, -1:, -1:], corner.shape)
    )


def test_errors_name_shapes():
    image, flow = example()
    with pytest.raises(ValueError, match=r"flow must be \[B, H, W, 2\]"):
        warp(image, flow[:, :-1])
    with pytest.raises(ValueError, match=r"image must be \[B, H, W, C\]"):
        dense_image_warp(image[0], flow)
    with pytest.raises(ValueError, match="'zero' or 'clamp'"):
        warp(image, flow, border="wrap")
