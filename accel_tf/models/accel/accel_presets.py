"""Accel's presets: name -> (description, constructor)."""

from accel_tf.models.accel.accel import Accel
from accel_tf.models.accel.feature_fusion_accel import FeatureFusionAccel
from accel_tf.models.flownet import FlowNetS
from accel_tf.models.resnet import PreActivationResNet, ResNetV1
from accel_tf.models.resnet.resnet_presets import (
    pre_activation_resnet_18,
    pre_activation_resnet_34,
    resnet_50,
    resnet_101,
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
        ResNetV1(
            blocks=(1, 2, 5, 2),
            filters=(8, 32, 64, 64),
            strides=(1, 2, 1, 1),
            stem_filters=16,
            name="reference_backbone",
        ),
        FlowNetS(
            filters=(12, 24, 32, 48, 48, 64),
            decoder_filters=(32, 32, 24, 16),
            output_stride=8,
            name="flow_network",
        ),
        PreActivationResNet(
            blocks=(1, 1, 1, 1),
            filters=(12, 24, 32, 48),
            strides=(1, 2, 1),
            output_filters=48,
            stem_filters=12,
            name="update_backbone",
        ),
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
