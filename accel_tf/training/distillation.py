"""Losses by which one network learns from another's scores."""

import keras
from keras import ops

# Added to every probability, so that none is zero.
_LEAST = 1e-8


@keras.saving.register_keras_serializable(package="accel_tf")
class DistillationLoss(keras.losses.Loss):
    """How far a student's classes are from a teacher's, pixel by pixel.

    Knowledge distillation of TDNet (CVPR 2020, section 3.3): the
    Kullback-Leibler divergence `sum(P log(P / Q))` of the teacher's softmax
    `P` and the student's `Q`, 1e-8 added to both as in the official code,
    averaged over the pixels. One value per image.

    `y_true`: the teacher's scores; `y_pred`: the student's, both
    `[B, h, w, classes]`, before the softmax. The teacher gets no gradient.

    Raises:
        ValueError: if the two have different shapes.
    """

    def __init__(
        self,
        reduction="sum_over_batch_size",
        name="distillation_loss",
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        for one, other in zip(y_true.shape, y_pred.shape, strict=True):
            if one != other and None not in (one, other):
                raise ValueError(
                    "teacher and student must give scores of one shape, got "
                    f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}."
                )
        teacher, student = (
            ops.softmax(scores, axis=-1) + _LEAST
            for scores in (ops.stop_gradient(y_true), y_pred)
        )
        difference = ops.log(teacher) - ops.log(student)
        divergence = ops.sum(teacher * difference, axis=-1)
        return ops.mean(divergence, axis=(1, 2))


@keras.saving.register_keras_serializable(package="accel_tf")
class PredictedLoss(keras.losses.Loss):
    """The value itself of an output that is a loss already.

    `y_pred` is `[B]`, one value per image, as `TDNetTraining` gives
    for its distillation. `y_true` is not looked at.
    """

    def __init__(
        self,
        reduction="sum_over_batch_size",
        name="predicted_loss",
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return y_pred
