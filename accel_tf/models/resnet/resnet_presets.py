"""The residual networks of the published models."""

from accel_tf.models.resnet.pre_activation_resnet import PreActivationResNet
from accel_tf.models.resnet.resnet_v1 import ResNetV1


def resnet_101(**kwargs):
    """The reference branch; one deformable group."""
    return ResNetV1(blocks=(3, 4, 23, 3), **kwargs)


def resnet_50(**kwargs):
    """Accel-50's update branch; four deformable groups."""
    return ResNetV1(
        blocks=(3, 4, 6, 3),
        deformable_groups=4,
        offset_dilation=2,
        **kwargs,
    )


def pre_activation_resnet_18(**kwargs):
    """Accel-18's update branch."""
    return PreActivationResNet(blocks=(2, 2, 2, 2), **kwargs)


def pre_activation_resnet_34(**kwargs):
    """Accel-34's update branch."""
    return PreActivationResNet(blocks=(3, 4, 6, 3), **kwargs)


def tiny_resnet(**kwargs):
    """The reference branch of the tiny presets; stride 8, no deformation."""
    return ResNetV1(
        blocks=(1, 2, 5, 2),
        filters=(8, 32, 64, 64),
        strides=(1, 2, 1, 1),
        stem_filters=16,
        **kwargs,
    )


def tiny_pre_activation_resnet(**kwargs):
    """The update branch of the tiny presets; stride 8."""
    return PreActivationResNet(
        blocks=(1, 1, 1, 1),
        filters=(12, 24, 32, 48),
        strides=(1, 2, 1),
        output_filters=48,
        stem_filters=12,
        **kwargs,
    )
