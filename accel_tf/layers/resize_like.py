"""Resizing of one feature map to the size of another."""

import keras
from keras import ops

from accel_tf.ops import resize_bilinear


@keras.saving.register_keras_serializable(package="accel_tf")
class ResizeLike(keras.layers.Layer):
    """Resizes the first of `[features, reference]` to the second's size.

    Bilinear.

    Args:
        align_corners: as in `accel_tf.ops.resize_bilinear`.
    """

    def __init__(self, align_corners=True, **kwargs):
        super().__init__(**kwargs)
        self.align_corners = align_corners

    def call(self, inputs):
        features, reference = inputs
        size = ops.shape(reference)[1:3]
        return resize_bilinear(features, size, self.align_corners)

    def compute_output_shape(self, input_shape):
        features, reference = input_shape
        return (features[0], *reference[1:3], features[3])

    def get_config(self):
        return {**super().get_config(), "align_corners": self.align_corners}
