"""DeepLab's presets: name -> (description, constructor)."""

from accel_tf.models.deeplab.deeplab import DeepLab
from accel_tf.models.deeplab.deeplab_v3 import DeepLabV3
from accel_tf.models.mobilenet import MobileNetV2
from accel_tf.models.resnet.resnet_presets import (
    pre_activation_resnet_18,
    pre_activation_resnet_34,
    resnet_50,
    resnet_101,
    tiny_pre_activation_resnet,
    tiny_resnet,
)
from accel_tf.models.xception import Xception


def _deeplab(backbone, prefix, **options):
    return lambda num_classes, **kwargs: DeepLab(
        backbone(name="backbone"),
        num_classes,
        prefix=prefix,
        **options,
        **kwargs,
    )


def _deeplab_v3(backbone, **options):
    return lambda num_classes, **kwargs: DeepLabV3(
        backbone(name="backbone"), num_classes, **{**options, **kwargs}
    )


deeplab_presets = {
    "deeplab_18": (
        "Per-frame DeepLab, pre-activation ResNet-18",
        _deeplab(pre_activation_resnet_18, "18_"),
    ),
    "deeplab_34": (
        "Per-frame DeepLab, pre-activation ResNet-34",
        _deeplab(pre_activation_resnet_34, "34_"),
    ),
    "deeplab_50": (
        "Per-frame DeepLab, deformable ResNet-50",
        _deeplab(resnet_50, "50_"),
    ),
    "deeplab_101": (
        "Per-frame DeepLab, deformable ResNet-101",
        _deeplab(resnet_101, ""),
    ),
    "deeplab_tiny": (
        "Per-frame DeepLab in small, stride 8; accel_tiny's reference branch",
        _deeplab(tiny_resnet, "", head_filters=64),
    ),
    "deeplab_tiny_light": (
        "Per-frame DeepLab, smaller still; accel_tiny's update branch",
        _deeplab(tiny_pre_activation_resnet, "18_", head_filters=64),
    ),
    "deeplab_mobilenet_v2": (
        "Per-frame DeepLabv3, MobileNetV2; the student of AMS",
        _deeplab_v3(MobileNetV2),
    ),
    "deeplab_xception_65": (
        "Per-frame DeepLabv3+, Xception-65; the teacher of AMS",
        _deeplab_v3(
            Xception,
            rates=(6, 12, 18),
            decoder=True,
            dropout=0.1,
            head_momentum=0.9997,
            alignment="ams_teacher",
        ),
    ),
}
