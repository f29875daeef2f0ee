"""Accel's presets: name -> (description, constructor)."""

from accel_tf.models.accel.accel import Accel
from accel_tf.models.accel.feature_fusion_accel import FeatureFusionAccel
from accel_tf.models.flownet import FlowNetS
from accel_tf.models.flownet.flownet_presets import tiny_flow_network
from accel_tf.models.resnet.resnet_presets import (
    pre_activation_resnet_18,
    pre_activation_resnet_34,
    resnet_50,
    resnet_101,
    tiny_pre_activation_resnet,
    tiny_resnet,
)


def _accel(update_backbone, update_prefix, update_head_prefix=None):
    return lambda num_classes, **kwargs: Accel(
        resnet_101(name="reference_backbone"),
        FlowNetS(name="flow_network"),
        update_backbone(name="update_backbone"),
        num_classes,
        update_prefix=update_prefix,
        update_head_prefix=update_head_prefix,
        **kwargs,
    )


def _accel_101(num_classes, **kwargs):
    return FeatureFusionAccel(
        resnet_101(name="reference_backbone"),
        FlowNetS(name="flow_network"),
        num_classes,
        **kwargs,
    )


def _accel_tiny(num_classes, **kwargs):
    return Accel(
        tiny_resnet(name="reference_backbone"),
        tiny_flow_network(name="flow_network"),
        tiny_pre_activation_resnet(name="update_backbone"),
        num_classes,
        head_filters=64,
        **kwargs,
    )


accel_presets = {
    "accel_18": (
        "Accel, update branch ResNet-18, fused scores",
        _accel(pre_activation_resnet_18, "18_"),
    ),
    "accel_34": (
        "Accel, update branch ResNet-34, fused scores",
        _accel(pre_activation_resnet_34, "34_"),
    ),
    "accel_50": (
        "Accel, update branch ResNet-50, fused scores",
        _accel(resnet_50, "50_", "curr_"),
    ),
    "accel_101": (
        "Accel, ResNet-101 on every frame, fused features",
        _accel_101,
    ),
    "accel_tiny": (
        "Accel's structure in small, stride 8; trains in minutes",
        _accel_tiny,
    ),
}
