"""Keras layers and building blocks that several networks share."""

from accel_tf.layers.adaptive_average_pooling import AdaptiveAveragePooling
from accel_tf.layers.crop_like import CropLike
from accel_tf.layers.deformable_conv2d import DeformableConv2D
from accel_tf.layers.grouped_conv2d import GroupedConv2D
from accel_tf.layers.resize_like import ResizeLike
from accel_tf.layers.spatial_layer_normalization import (
    SpatialLayerNormalization,
)

__all__ = [
    "AdaptiveAveragePooling",
    "CropLike",
    "DeformableConv2D",
    "GroupedConv2D",
    "ResizeLike",
    "SpatialLayerNormalization",
]
