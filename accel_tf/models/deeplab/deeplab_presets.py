"""DeepLab's presets: name -> (description, constructor)."""

from accel_tf.models.deeplab.deeplab import DeepLab
from accel_tf.models.resnet.resnet_presets import (
    pre_activation_resnet_18,
    pre_activation_resnet_34,
    resnet_50,
    resnet_101,
)


def _deeplab(backbone, prefix):
    return lambda num_classes, **kwargs: DeepLab(
        backbone(name="backbone"), num_classes, prefix=prefix, **kwargs
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
}
