"""Batch normalisation whose statistics move as TensorFlow 1's do."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="accel_tf")
class UnbiasedBatchNormalization(keras.layers.BatchNormalization):
    """`BatchNormalization` that keeps the unbiased variance of its batches.

    The fused operation of TensorFlow 1, with which the published DeepLab
    networks were trained, normalises by the variance of a batch's `n`
    positions, but moves its statistics towards `n / (n - 1)` times that. For
    a map of one position, such as the average of an image, `n` is the number
    of images, and the difference is not small. In inference it is the same.

    Arguments are those of `keras.layers.BatchNormalization`.
    """

    def call(self, inputs, training=None, mask=None):
        # Computed now: the variable itself will have moved.
        kept = self.moving_variance * self.momentum
        outputs = super().call(inputs, training=training, mask=mask)
        if training and self.trainable:
            moved = self.moving_variance - kept
            self.moving_variance.assign(kept + moved * _correction(inputs))
        return outputs


def _correction(inputs):
    """`n / (n - 1)` for the `n` positions of a batch; 1 where there is one."""
    count = ops.cast(ops.prod(ops.shape(inputs)[:-1]), "float32")
    return count / ops.maximum(count - 1.0, 1.0)
