"""Residual networks."""

from accel_tf.models.resnet.pre_activation_resnet import PreActivationResNet
from accel_tf.models.resnet.resnet_v1 import ResNetV1
from accel_tf.models.resnet.subtract_mean import subtract_mean

__all__ = ["PreActivationResNet", "ResNetV1", "subtract_mean"]
