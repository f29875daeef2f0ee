"""Keras layers and building blocks that several networks share."""

from accel_tf.layers.crop_like import CropLike
from accel_tf.layers.deformable_conv2d import DeformableConv2D

__all__ = ["CropLike", "DeformableConv2D"]
