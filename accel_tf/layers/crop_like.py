"""Cropping of one feature map to the size of another."""

import keras


@keras.saving.register_keras_serializable(package="accel_tf")
class CropLike(keras.layers.Layer):
    """Cuts `[features, reference]` at the bottom and right to `reference`.

    Up-sampling by two gives an even size; where the map that it returns to
    was odd, the last row or column is one too many.
    """

    def call(self, inputs):
        features, reference = inputs
        height, width = keras.ops.shape(reference)[1:3]
        return features[:, :height, :width, :]

    def compute_output_shape(self, input_shape):
        features, reference = input_shape
        return (features[0], *reference[1:3], features[3])
