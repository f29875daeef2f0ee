"""Residual networks."""

from accel_tf.models.image_normalization import subtract_mean
from accel_tf.models.resnet.pre_activation_resnet import PreActivationResNet
from accel_tf.models.resnet.resnet_v1 import ResNetV1

__all__ = ["PreActivationResNet", "ResNetV1", "subtract_mean"]
