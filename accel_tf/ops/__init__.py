"""Pure functions on tensors, written in `keras.ops`."""

from accel_tf.ops.deformable import deformable_conv2d
from accel_tf.ops.labels import class_labels
from accel_tf.ops.resize import resize_bilinear, upsample_scores
from accel_tf.ops.sampling import bilinear_sample
from accel_tf.ops.warp import dense_image_warp, warp

__all__ = [
    "bilinear_sample",
    "class_labels",
    "deformable_conv2d",
    "dense_image_warp",
    "resize_bilinear",
    "upsample_scores",
    "warp",
]
