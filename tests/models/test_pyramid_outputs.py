"""`pyramid_outputs` of every backbone."""

import keras
import numpy as np
import pytest
from small_models import (
    small_dilated_resnet,
    small_fanet,
    small_mobilenet_v2,
    small_pidnet,
    small_pre_activation_resnet,
    small_resnet_v1,
    small_xception,
)

# Level -> channels.
BACKBONES = {
    "resnet_v1": (
        lambda: small_resnet_v1(16),
        {"P1": 8, "P2": 16, "P3": 24, "P4": 32},
    ),
    "resnet_v1_stride_8": (
        lambda: small_resnet_v1(8),
        {"P1": 8, "P2": 16, "P3": 32},
    ),
    "pre_activation_resnet": (
        lambda: small_pre_activation_resnet(16),
        {"P1": 8, "P2": 4, "P3": 6, "P4": 12, "P5": 8},
    ),
    "dilated_resnet": (small_dilated_resnet, {"P1": 6, "P2": 4, "P3": 16}),
    "fanet": (
        small_fanet,
        {"P1": 4, "P2": 4, "P3": 12, "P4": 8, "P5": 16, "P6": 32},
    ),
    "mobilenet_v2": (
        small_mobilenet_v2,
        {"P1": 4, "P2": 6, "P3": 8, "P4": 10},
    ),
    "xception": (small_xception, {"P1": 6, "P2": 6, "P3": 8, "P4": 16}),
    "pidnet": (
        lambda: small_pidnet().backbone,
        {"P1": 4, "P2": 4, "P3": 16, "P4": 16, "P5": 32, "P6": 16},
    ),
}


@pytest.mark.parametrize("name", BACKBONES)
def test_levels(name):
    make, channels = BACKBONES[name]
    backbone = make()
    levels = backbone.pyramid_outputs
    assert list(levels) == list(channels)
    pyramid = keras.Model(backbone.input, levels)
    shapes = pyramid.compute_output_shape((1, 64, 128, 3))
    for level, shape in shapes.items():
        stride = 2 ** int(level[1:])
        assert shape == (1, 64 // stride, 128 // stride, channels[level])
    level = f"P{backbone.output_stride.bit_length() - 1}"
    assert levels[level] is backbone.output


def test_they_leave_the_file_of_a_model_as_it_is(tmp_path):
    backbone = small_dilated_resnet()
    image = np.random.default_rng(0).normal(size=(1, 16, 24, 3))
    pyramid = keras.Model(backbone.input, backbone.pyramid_outputs)
    np.testing.assert_array_equal(pyramid(image)["P3"], backbone(image))
    backbone.save(tmp_path / "backbone.keras")
    loaded = keras.saving.load_model(tmp_path / "backbone.keras")
    assert loaded.get_config() == backbone.get_config()
    assert list(loaded.pyramid_outputs) == list(backbone.pyramid_outputs)
