"""Counting of multiply-additions, against layers watched at work."""

import math

import keras
import pytest
from model_tools import scenes
from small_models import CLASSES, SMALL_MODELS, built, small_deeplab

from accel_tf.layers import DeformableConv2D
from accel_tf.models.accel import Accel
from accel_tf.models.cost import (
    count_multiply_adds,
    count_upsampling,
    count_warp,
)


def network(*layers):
    return keras.Sequential([keras.Input((None, None, 3)), *layers])


def test_convolution():
    model = network(keras.layers.Conv2D(5, 3, padding="same"))
    assert count_multiply_adds(model, (1, 6, 8, 3)) == 6 * 8 * 9 * 3 * 5
    assert count_multiply_adds(model, (2, 6, 8, 3)) == 2 * 6 * 8 * 9 * 3 * 5


def test_stride_and_dilation():
    model = network(
        keras.layers.Conv2D(4, 3, strides=2, padding="same"),
        keras.layers.Conv2D(2, 3, dilation_rate=2, padding="same"),
        keras.layers.Conv2D(7, 3, padding="valid", use_bias=False),
    )
    sizes = [4 * 5 * 9 * 3 * 4, 4 * 5 * 9 * 4 * 2, 2 * 3 * 9 * 2 * 7]
    assert count_multiply_adds(model, (1, 7, 9, 3)) == sum(sizes)


def test_depthwise_convolution():
    layer = keras.layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2)
    expected = 3 * 4 * 9 * 3 * 2
    assert count_multiply_adds(network(layer), (1, 7, 9, 3)) == expected


def test_transposed_convolution_works_on_its_input():
    layer = keras.layers.Conv2DTranspose(5, 4, strides=2, padding="same")
    expected = 6 * 8 * 16 * 3 * 5
    assert count_multiply_adds(network(layer), (1, 6, 8, 3)) == expected


def test_deformable_convolution_and_its_offsets():
    image = keras.Input((None, None, 4))
    offsets = keras.layers.Conv2D(36, 3, padding="same")(image)
    x = DeformableConv2D(6, deformable_groups=2)([image, offsets])
    model = keras.Model(image, x)
    expected = 5 * 7 * 9 * 4 * (36 + 6)
    assert count_multiply_adds(model, (1, 5, 7, 4)) == expected


def test_two_inputs():
    inputs = [keras.Input((None, None, n), name=f"x{n}") for n in (2, 3)]
    x = keras.layers.Concatenate()(inputs)
    model = keras.Model(inputs, keras.layers.Conv2D(4, 1)(x))
    shapes = [(1, 6, 8, 2), (1, 6, 8, 3)]
    assert count_multiply_adds(model, *shapes) == 6 * 8 * 5 * 4


def test_what_is_not_counted():
    model = network(
        keras.layers.BatchNormalization(),
        keras.layers.Conv2D(2, 1),
        keras.layers.ReLU(),
        keras.layers.MaxPooling2D(2),
    )
    assert count_multiply_adds(model, (1, 6, 8, 3)) == 6 * 8 * 3 * 2


def test_upsampling_and_warp():
    # 32x32 products for every score at stride 16; four for every feature.
    assert count_upsampling((1, 4, 6, 5), 16) == 4 * 6 * 5 * 32 * 32
    assert count_warp((1, 4, 6, 7)) == 4 * 6 * 7 * 4


# === Models: what is counted is what a step does ===


def convolutions(layer):
    for inner in getattr(layer, "layers", ()):
        yield from convolutions(inner)
        if isinstance(
            inner,
            keras.layers.Conv2D
            | keras.layers.Conv2DTranspose
            | DeformableConv2D,
        ):
            yield inner


def measured(model, frame, state, is_key):
    """Of the convolution layers that a step really calls; its scores."""
    total = 0

    def watched(layer, call):
        def run(inputs):
            nonlocal total
            outputs = call(inputs)
            transposed = isinstance(layer, keras.layers.Conv2DTranspose)
            shape = (inputs if transposed else outputs).shape
            total += math.prod(shape[:3]) * math.prod(layer.kernel.shape)
            return outputs

        return run

    with pytest.MonkeyPatch.context() as patch:
        for layer in convolutions(model):
            patch.setattr(layer, "call", watched(layer, layer.call))
        scores, _ = model.step(frame, state, is_key, native_stride=True)
    return total, scores


@pytest.mark.parametrize("name", SMALL_MODELS)
@pytest.mark.parametrize(
    "size", [pytest.param((64, 96), marks=pytest.mark.slow), (49, 66)]
)
def test_models(name, size):
    model = built(name)
    frame = scenes(length=1, height=size[0], width=size[1])[:, 0]
    state = model.initial_state(1, *size)
    kinds = ("key", "non_key") if model.uses_key_frames else ("key",)
    for kind in kinds:
        expected, scores = measured(model, frame, state, kind == "key")
        if kind == "key":
            native = math.prod(scores.shape)
        expected += native * (2 * model.output_stride) ** 2
        if kind == "non_key" and state:
            expected += 4 * math.prod(state["features"].shape)
            if isinstance(model, Accel):
                # The fused scores; the larger of the branches' two maps.
                expected += 2 * CLASSES**2 * fused_pixels(model, frame)
        assert model.multiply_adds(*size)[kind] == expected
    if len(kinds) == 1:
        assert model.multiply_adds(*size)["non_key"] == expected


def fused_pixels(model, frame):
    shape = (1, *frame.shape[1:3], 3)
    shapes = [
        backbone.compute_output_shape(shape)[1:3]
        for backbone in (model.reference_backbone, model.update_backbone)
    ]
    return math.prod(max(sizes) for sizes in zip(*shapes, strict=True))


def test_cost_does_not_need_a_multiple_of_the_stride():
    model = small_deeplab()
    costs = [model.multiply_adds(n, 64)["key"] for n in (63, 64, 65)]
    assert costs == sorted(costs) and costs[0] > 0
