"""Losses that Keras does not have.

Segmentation needs none: `keras.losses.SparseCategoricalCrossentropy` with
`from_logits=True` and `ignore_class=255` is the original's loss.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="accel_tf")
class EndPointError(keras.losses.Loss):
    """Mean distance between predicted and true flow.

    The measure and loss of optical flow networks (FlowNet, ICCV 2015,
    section 4). `y_true` and `y_pred` are `[B, h, w, 2]`, (dx, dy) in
    feature pixels; a sample weight may be `[B, h, w]`.
    """

    def __init__(
        self,
        reduction="sum_over_batch_size",
        name="end_point_error",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        # The root has no gradient at zero.
        return ops.sqrt(ops.sum((y_pred - y_true) ** 2, axis=-1) + 1e-6)
