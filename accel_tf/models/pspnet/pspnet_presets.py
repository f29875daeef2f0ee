"""PSPNet's presets: name -> (description, constructor)."""

from accel_tf.models.pspnet.dilated_resnet import DilatedResNet
from accel_tf.models.pspnet.pspnet import PSPNet


def dilated_resnet_18(**kwargs):
    """PSPNet-18's and TD4-PSP18's backbone."""
    return DilatedResNet(blocks=(2, 2, 2, 2), **kwargs)


def dilated_resnet_50(**kwargs):
    """PSPNet-50's and TD2-PSP50's backbone."""
    return DilatedResNet(
        blocks=(3, 4, 6, 3), bottleneck=True, deep_stem=True, **kwargs
    )


def dilated_resnet_101(**kwargs):
    """PSPNet-101's backbone."""
    return DilatedResNet(
        blocks=(3, 4, 23, 3), bottleneck=True, deep_stem=True, **kwargs
    )


def _pspnet(backbone):
    return lambda num_classes, **kwargs: PSPNet(
        backbone(name="backbone"), num_classes, **kwargs
    )


pspnet_presets = {
    "psp_18": (
        "Per-frame PSPNet, dilated ResNet-18",
        _pspnet(dilated_resnet_18),
    ),
    "psp_50": (
        "Per-frame PSPNet, dilated ResNet-50",
        _pspnet(dilated_resnet_50),
    ),
    "psp_101": (
        "Per-frame PSPNet, dilated ResNet-101",
        _pspnet(dilated_resnet_101),
    ),
}
