"""Every form of an operation gives the same."""

import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import ops

from accel_tf.ops import (
    bilinear_sample,
    class_labels,
    deformable_conv2d,
    resize_bilinear,
    upsample_scores,
)
from accel_tf.ops.kernels import PROGRAMS, kernels_for
from accel_tf.ops.labels import labels_class_by_class
from accel_tf.ops.sampling import BORDERS

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="only on TensorFlow there is a choice of forms",
)
SHAPES = [(2, 7, 9, 8), (1, 1, 5, 4), (1, 6, 1, 4), (2, 1, 1, 4)]


@pytest.fixture(params=PROGRAMS)
def program(request):
    return request.param


def example(shape, groups=1, count=60, seed=1):
    """Images and positions: inside, at the edges, outside, far away."""
    rng = np.random.default_rng(seed)
    batch, height, width, _ = shape
    images = rng.standard_normal(shape)
    positions = []
    for side in (height, width):
        values = rng.uniform(-3, side + 2, (batch, count, groups))
        exact = [-1, 0, side - 1, side, -0.5, side - 0.5, 1e30, -1e30, np.inf]
        values[:, : len(exact)] = np.array(exact)[:, None]
        values[:, len(exact) : 20] = np.round(values[:, len(exact) : 20])
        rng.shuffle(values, axis=1)
        positions.append(values)
    return [x.astype("float32") for x in (images, *positions)]


def sample_for(program, *inputs):
    with kernels_for(program):
        return to_numpy(bilinear_sample(*inputs))


def assert_same(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=3e-5)


@pytest.mark.parametrize(
    "shape, groups",
    [
        (SHAPES[0], 1),
        (SHAPES[0], 4),
        *((shape, 2) for shape in SHAPES[1:]),
        *(
            pytest.param(shape, groups, marks=pytest.mark.slow)
            for shape in SHAPES
            for groups in (1, 2, 4)
            if (shape == SHAPES[0]) == (groups == 2)
        ),
    ],
)
@pytest.mark.parametrize("border", BORDERS)
def test_samples(program, border, shape, groups):
    inputs = [ops.convert_to_tensor(x) for x in example(shape, groups)]
    expected = sample_for("portable", *inputs, border)
    assert expected.shape == (shape[0], 60, shape[3])
    assert_same(sample_for(program, *inputs, border), expected)


def test_groups_are_channels_side_by_side(program):
    images, y, x = example((2, 7, 9, 8), groups=4)
    actual = sample_for(program, images, y, x, "zero")
    for group in range(4):
        channels = slice(2 * group, 2 * group + 2)
        own = sample_for(
            program,
            images[..., channels],
            y[..., group],
            x[..., group],
            "zero",
        )
        assert_same(actual[..., channels], own)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("border", BORDERS)
def test_a_position_that_is_no_number(program, border, shape):
    images, y, x = example(shape)
    expected = sample_for(program, images, y, x, border)
    y[0, 3], x[-1, 40] = np.nan, np.nan
    x[0, 3], y[-1, 40] = 0.0, 0.0
    actual = sample_for(program, images, y, x, border)
    for index in ((0, 3), (-1, 40)):
        assert np.isnan(actual[index]).all()
        actual[index] = expected[index] = 0
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_samples_keep_half_precision(program, dtype):
    images, y, x = example((1, 7, 9, 4))
    images = ops.cast(images, dtype)
    with kernels_for(program):
        actual = bilinear_sample(images, y, x, "zero")
    assert keras.backend.standardize_dtype(actual.dtype) == dtype
    images = to_numpy(ops.cast(images, "float32"))
    expected = sample_for("portable", images, y, x, "zero")
    actual = to_numpy(ops.cast(actual, "float32"))
    np.testing.assert_allclose(actual, expected, atol=4e-2)


@on_tensorflow
@pytest.mark.parametrize("border", BORDERS)
def test_samples_of_open_sizes(program, border):
    import tensorflow as tf

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, None, 4]),
            tf.TensorSpec([None, None, 2]),
            tf.TensorSpec([None, None, 2]),
        ],
        jit_compile=program == "xla",
    )
    def compiled(images, y, x):
        with kernels_for(program):
            return bilinear_sample(images, y, x, border)

    shapes = ((2, 7, 9, 4), (1, 1, 1, 4), (1, 1, 5, 4))
    # XLA compiles each anew.
    for shape in shapes[:2] if program == "xla" else shapes:
        inputs = example(shape, groups=2)
        expected = sample_for("portable", *inputs, border)
        assert_same(compiled(*inputs).numpy(), expected)


@on_tensorflow
def test_samples_within_other_programs():
    import tensorflow as tf

    images, y, x = example((2, 7, 9, 4))

    def sample(images, y, x):
        return bilinear_sample(images, y, x, "zero")

    expected = sample_for("portable", images, y, x, "zero")
    assert_same(tf.function(sample)(images, y, x), expected)
    compiled = tf.function(sample, jit_compile=True)
    assert_same(compiled(images, y, x), expected)
    data = tf.data.Dataset.from_tensors((images, y, x)).map(sample)
    assert_same(next(iter(data)), expected)
    looped = tf.map_fn(
        lambda each: sample(*(one[None] for one in each))[0],
        (images, y, x),
        fn_output_signature="float32",
    )
    assert_same(looped, expected)


def test_deformable_convolution(program):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((2, 8, 9, 8)).astype("float32")
    kernel = rng.standard_normal((3, 3, 8, 5)).astype("float32")
    for groups in (1, 4):
        offsets = 2 * rng.standard_normal((2, 8, 9, 18 * groups))
        results = []
        for each in ("portable", program):
            with kernels_for(each):
                results.append(
                    deformable_conv2d(
                        x,
                        offsets.astype("float32"),
                        ops.convert_to_tensor(kernel),
                        dilation_rate=2,
                        deformable_groups=groups,
                    )
                )
        expected, actual = map(to_numpy, results)
        np.testing.assert_allclose(actual, expected, atol=2e-4)


@pytest.mark.parametrize(
    "resize",
    [
        lambda scores: upsample_scores(scores, 16, (70, 61)),
        lambda scores: resize_bilinear(scores, (70, 61), align_corners=True),
        lambda scores: resize_bilinear(scores, (3, 2)),
        lambda scores: resize_bilinear(scores, (1, 9), align_corners=True),
    ],
)
def test_resizing(program, resize):
    scores = np.random.default_rng(3).standard_normal((2, 5, 4, 6))
    scores = ops.convert_to_tensor(scores.astype("float32"))
    expected = to_numpy(resize(scores))
    with kernels_for(program):
        actual = to_numpy(resize(scores))
    np.testing.assert_allclose(actual, expected, atol=2e-6)


@pytest.mark.parametrize("class_by_class", [False, True])
def test_labels_are_the_first_of_the_greatest(program, class_by_class):
    # Each class is an operation of a program of its own.
    classes = 20 if class_by_class else 200
    scores = np.random.default_rng(0).standard_normal((2, 9, 7, classes))
    # Many are equal.
    scores = scores.astype("float32").round(0 if class_by_class else 1)
    scores[1, 0] = -np.inf

    def label(scores):
        with kernels_for(program):
            if class_by_class:
                return labels_class_by_class(
                    lambda index: scores[..., index], scores.shape[-1]
                )
            return class_labels(scores)

    if keras.backend.backend() == "tensorflow" and program != "portable":
        import tensorflow as tf

        # Zeros of both signs are equal too.
        scores[0, 0] = -1.0
        scores[0, 0, :, 7:13] = [-0.0, 0.0, -0.0, 0.0, 0.0, -0.0]
        label = tf.function(label, jit_compile=program == "xla")
    labels = label(ops.convert_to_tensor(scores))
    assert keras.backend.standardize_dtype(labels.dtype) == "uint8"
    np.testing.assert_array_equal(to_numpy(labels), scores.argmax(-1))


def test_the_scope_ends():
    with pytest.raises(ValueError, match="program must be one of"):
        with kernels_for("gpu"):
            pass
    images, y, x = example((1, 7, 9, 4))
    before = to_numpy(bilinear_sample(images, y, x, "clamp"))
    with pytest.raises(RuntimeError), kernels_for("tensorflow"):
        raise RuntimeError
    after = to_numpy(bilinear_sample(images, y, x, "clamp"))
    np.testing.assert_array_equal(after, before)
