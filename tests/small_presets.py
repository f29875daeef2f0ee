"""The tiny presets, with networks that are built in a moment."""

import contextlib

import pytest
from small_models import (
    small_flow_network,
    small_pre_activation_resnet,
    small_resnet_v1,
)

from accel_tf.models import presets
from accel_tf.models.accel import Accel
from accel_tf.models.deeplab import DeepLab
from accel_tf.models.dff import DeepFeatureFlow


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


def _deeplab(num_classes, **kwargs):
    return DeepLab(small_resnet_v1(), num_classes, head_filters=16, **kwargs)


def _light_deeplab(num_classes, **kwargs):
    backbone = small_pre_activation_resnet()
    return DeepLab(backbone, num_classes, head_filters=16, **kwargs)


def _dff(num_classes, **kwargs):
    parts = small_resnet_v1(), small_flow_network()
    return DeepFeatureFlow(*parts, num_classes, head_filters=16, **kwargs)


def _accel(num_classes, **kwargs):
    parts = (
        small_resnet_v1(name="reference_backbone"),
        small_flow_network(),
        small_pre_activation_resnet(name="update_backbone"),
    )
    return Accel(*parts, num_classes, head_filters=16, **kwargs)
