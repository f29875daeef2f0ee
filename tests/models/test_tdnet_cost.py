"""Multiply-additions of PSPNet and TDNet, against layers watched at work."""

import math

import keras
import pytest
from model_tools import run, scenes, sublayers, zero_kernels
from small_models import SMALL_PYRAMID_MODELS, built

import accel_tf
from accel_tf.models.tdnet import FANet

# Of the original code, in units of 1e9, at 769x1537 and 512x1024. It encodes
# the current frame once more at the buffer's stride.
ORIGINAL = {
    "psp_18": (242.0, 105.9),
    "td4_psp18": (257.4, 108.9),
}


@pytest.mark.parametrize("name", ORIGINAL)
def test_cost_of_the_original(name):
    with zero_kernels():
        model = accel_tf.from_preset(name)
    for size, expected in zip(
        ((769, 1537), (512, 1024)), ORIGINAL[name], strict=True
    ):
        cost = model.multiply_adds(*size)["key"] / 1e9
        assert cost == pytest.approx(expected, rel=0.005)


def measured(model, frame, state):
    """Multiply-additions of the convolution layers that a step calls."""
    total = 0

    def watched(layer, call):
        def run(inputs):
            nonlocal total
            outputs = call(inputs)
            total += math.prod(outputs.shape[:3]) * math.prod(
                layer.kernel.shape
            )
            return outputs

        return run

    with pytest.MonkeyPatch.context() as patch:
        for layer in convolutions(model):
            patch.setattr(layer, "call", watched(layer, layer.call))
        model.step(frame, state)
    return total


def convolutions(model):
    for layer in sublayers(model):
        if isinstance(layer, keras.layers.Conv2D):
            yield layer
    for path in getattr(model, "paths", ()):
        for attention in path.attentions:
            yield attention.projection


@pytest.mark.parametrize("name", SMALL_PYRAMID_MODELS)
@pytest.mark.parametrize(
    "size", [pytest.param((64, 96), marks=pytest.mark.slow), (49, 66)]
)
def test_cost(name, size):
    model = built(name)
    # Until the buffer is full, and a frame of which one is counted.
    before = len(getattr(model, "paths", ()))
    clip = scenes(length=before + 1, height=size[0], width=size[1])
    _, state = run(model, clip[:, :before])
    expected = measured(model, clip[:, before], state)
    if state:
        pixels = -(-size[0] // 8) * -(-size[1] // 8)
        _, others, rows, columns, _ = state["keys"].shape
        small = rows * columns
        # Products of attention: queries with keys, weights with values.
        asking = pixels + (others - 1) * small
        expected += asking * small * (4 + 12)
        if isinstance(model.paths[0].backbone, FANet):
            expected += sum(
                2 * 4 * channels * -(-size[0] // stride) * -(-size[1] // stride)
                for stride, channels in zip(
                    (8, 16, 32, 64), (4, 8, 16, 32), strict=True
                )
            )
    cost = model.multiply_adds(*size)
    assert cost == {"key": expected, "non_key": expected}
