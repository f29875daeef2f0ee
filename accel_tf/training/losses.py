"""Losses that Keras does not have.

Segmentation needs none: `keras.losses.SparseCategoricalCrossentropy` with
`from_logits=True` and `ignore_class=255` is the original's loss.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="accel_tf")
class EndPointError(keras.losses.Loss):
    """Mean distance between predicted and true flow, in feature pixels.

    The measure and loss of optical flow networks (FlowNet, ICCV 2015,
    section 4). `y_true` is `[B, h, w, 3]`: dx, dy and the weight of the
    pixel, 0 where the truth is unknown or hidden; `y_pred` is
    `[B, h, w, 2]`. The mean runs over the weights.
    """

    def __init__(self, name="end_point_error", dtype=None):
        # One number for the whole batch: pixels count, not frames.
        super().__init__(name=name, reduction="sum", dtype=dtype)

    def call(self, y_true, y_pred):
        difference = y_pred - y_true[..., :2]
        weight = y_true[..., 2]
        # The root has no gradient at zero.
        distance = ops.sqrt(ops.sum(difference**2, axis=-1) + 1e-6)
        return ops.sum(distance * weight) / (ops.sum(weight) + 1e-6)

    def get_config(self):
        return {"name": self.name}
