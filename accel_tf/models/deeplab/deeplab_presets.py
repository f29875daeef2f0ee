"""DeepLab's presets: name -> (description, constructor)."""

from accel_tf.models.deeplab.deeplab import DeepLab
from accel_tf.models.resnet.resnet_presets import (
    pre_activation_resnet_18,
    pre_activation_resnet_34,
    resnet_50,
    resnet_101,
    tiny_pre_activation_resnet,
    tiny_resnet,
)


def _deeplab(backbone, prefix, **options):
    return lambda num_classes, **kwargs: DeepLab(
        backbone(name="backbone"),
        num_classes,
        prefix=prefix,
        **options,
        **kwargs,
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
}
