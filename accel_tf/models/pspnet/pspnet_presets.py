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


def tiny_dilated_resnet(**kwargs):
    """The backbone of `psp_tiny` and of the paths of `td4_psp_tiny`."""
    return DilatedResNet(
        blocks=(1, 1, 1, 1), filters=(12, 24, 32, 64), stem_filters=12, **kwargs
    )


def tiny_deep_dilated_resnet(**kwargs):
    """The backbone of `psp_tiny_deep`, from which the tiny ones learn."""
    return DilatedResNet(
        blocks=(1, 2, 5, 2),
        bottleneck=True,
        filters=(8, 16, 32, 64),
        stem_filters=8,
        deep_stem=True,
        **kwargs,
    )


def _pspnet(backbone, **options):
    return lambda num_classes, **kwargs: PSPNet(
        backbone(name="backbone"), num_classes, **{**options, **kwargs}
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
    "psp_tiny": (
        "Per-frame PSPNet in small; one path of td4_psp_tiny",
        _pspnet(tiny_dilated_resnet, head_filters=32),
    ),
    "psp_tiny_deep": (
        "Per-frame PSPNet, deeper; td4_psp_tiny's teacher",
        _pspnet(tiny_deep_dilated_resnet),
    ),
}
