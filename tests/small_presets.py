"""The tiny presets, with networks that are built in a moment."""

import contextlib

import pytest
from small_models import small_flow_network

from accel_tf.models import presets
from accel_tf.models.accel import Accel
from accel_tf.models.deeplab import DeepLab
from accel_tf.models.dff import DeepFeatureFlow
from accel_tf.models.resnet import PreActivationResNet, ResNetV1


@contextlib.contextmanager
def small_presets():
    """While it lasts, `from_preset` gives these instead."""
    small = {
        "deeplab_tiny": _deeplab,
        "deeplab_tiny_light": _light_deeplab,
        "dff_tiny": _dff,
        "accel_tiny": _accel,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, construct in small.items():
            patch.setitem(presets._PRESETS, name, ("", construct))
        yield


def made_once(construct):
    """A preset's constructor that gives what it gave first.

    For tests that end before a model is changed.
    """
    models = []

    def make(*args, **kwargs):
        if not models:
            models.append(construct(*args, **kwargs))
        return models[0]

    return make


def _resnet(name="backbone"):
    """Of two stages, one of them deformable, at stride 16."""
    return ResNetV1(
        blocks=(0, 0, 1, 1),
        filters=(0, 0, 8, 8),
        strides=(1, 1, 4, 1),
        stem_filters=8,
        name=name,
    )


def _light_resnet(name="backbone"):
    """Likewise."""
    return PreActivationResNet(
        blocks=(0, 0, 1, 1),
        filters=(0, 0, 8, 8),
        strides=(1, 1, 4),
        output_filters=12,
        stem_filters=8,
        deformable_groups=2,
        name=name,
    )


def _deeplab(num_classes, **kwargs):
    return DeepLab(_resnet(), num_classes, head_filters=16, **kwargs)


def _light_deeplab(num_classes, **kwargs):
    return DeepLab(_light_resnet(), num_classes, head_filters=16, **kwargs)


def _dff(num_classes, **kwargs):
    parts = _resnet(), small_flow_network()
    return DeepFeatureFlow(*parts, num_classes, head_filters=16, **kwargs)


def _accel(num_classes, **kwargs):
    parts = (
        _resnet("reference_backbone"),
        small_flow_network(),
        _light_resnet("update_backbone"),
    )
    return Accel(*parts, num_classes, head_filters=16, **kwargs)
