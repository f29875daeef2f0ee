"""Losses that Keras does not have: segmentation and optical flow."""

import math

import keras
from keras import ops

from accel_tf.data.label_maps import IGNORE
from accel_tf.training.label_map_loss import (
    LabelMapLoss,
    mean_over_labelled,
    weights_of_pixels,
)


@keras.saving.register_keras_serializable(package="accel_tf")
class SegmentationCrossEntropy(LabelMapLoss):
    """Cross entropy, averaged over the labelled pixels of each image.

    One value per image, 0 where nothing is labelled, so that several
    devices with equal shares of a batch give what one device gives. With
    one image it is the loss of the published DeepLab and Accel: MXNet's
    `SoftmaxOutput` with `normalization="valid"`.

    `y_true`: labels `[B, H, W]` or `[B, H, W, 1]`, any dtype; `y_pred`:
    logits `[B, H, W, classes]`. A label that is neither a class nor
    `ignore` makes the loss NaN or, on some backends, is an error.

    Args:
        ignore: label of the pixels that do not count.
        class_weights: one float per class, or `None`; weighs the pixels.
            The sum is divided by the number of labelled pixels, not by
            that of their weights.
    """

    def __init__(
        self,
        ignore=IGNORE,
        class_weights=None,
        reduction="sum_over_batch_size",
        name="segmentation_cross_entropy",
        dtype="float32",
    ):
        super().__init__(ignore, reduction, name, dtype)
        if class_weights is not None:
            class_weights = [float(weight) for weight in class_weights]
        self.class_weights = class_weights

    def call(self, y_true, y_pred):
        losses, labels, counts = self.pixel_losses(y_true, y_pred)
        if self.class_weights is not None:
            losses = losses * weights_of_pixels(
                self.class_weights, labels, y_pred.shape[-1]
            )
        return mean_over_labelled(losses, counts)

    def get_config(self):
        return {**super().get_config(), "class_weights": self.class_weights}


@keras.saving.register_keras_serializable(package="accel_tf")
class FocalCrossEntropy(LabelMapLoss):
    """Cross entropy that looks away from the pixels that are easy.

    Focal loss (Lin et al., ICCV 2017, equation 5): the cross entropy of a
    pixel whose class has the probability `p` times `(1 - p) ** gamma`,
    averaged over the labelled pixels of each image.

    `y_true` and `y_pred` as in `SegmentationCrossEntropy`.

    Args:
        gamma: 0 or more; 0 is the cross entropy.
        ignore, class_weights: as in `SegmentationCrossEntropy`; the weights
            are the paper's alpha.

    Raises:
        ValueError: if `gamma` is below 0.
    """

    def __init__(
        self,
        gamma=2.0,
        ignore=IGNORE,
        class_weights=None,
        reduction="sum_over_batch_size",
        name="focal_cross_entropy",
        dtype="float32",
    ):
        super().__init__(ignore, reduction, name, dtype)
        if gamma < 0:
            raise ValueError(f"gamma must be 0 or more, got {gamma}.")
        if class_weights is not None:
            class_weights = [float(weight) for weight in class_weights]
        self.gamma = float(gamma)
        self.class_weights = class_weights

    def call(self, y_true, y_pred):
        losses, labels, counts = self.pixel_losses(y_true, y_pred)
        # A power has no gradient at zero, where rounding may lead.
        miss = ops.maximum(1.0 - ops.exp(-losses), 1e-7)
        losses = losses * miss**self.gamma
        if self.class_weights is not None:
            losses = losses * weights_of_pixels(
                self.class_weights, labels, y_pred.shape[-1]
            )
        return mean_over_labelled(losses, counts)

    def get_config(self):
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "class_weights": self.class_weights,
        }


@keras.saving.register_keras_serializable(package="accel_tf")
class OhemCrossEntropy(LabelMapLoss):
    """Cross entropy of the hard pixels of a batch.

    Online hard example mining (CVPR 2016) in the form of TDNet (CVPR 2020):
    those pixels count whose class has a probability below `threshold`; if
    they are no more than a share of all pixels, those with the greatest
    loss make up that share. All pixels of a device's images are ranked
    together, those with the label `ignore` among them with a loss of 0.

    `y_true` and `y_pred` as in `SegmentationCrossEntropy`.

    Args:
        threshold: probability, between 0 and 1.
        min_kept_share: least part of a batch's pixels, between 0 and 1.
        ignore: label of the pixels whose loss is 0.

    Raises:
        ValueError: if `threshold` or `min_kept_share` is out of range.
    """

    def __init__(
        self,
        threshold=0.7,
        min_kept_share=1 / 16,
        ignore=IGNORE,
        reduction="sum_over_batch_size",
        name="ohem_cross_entropy",
        dtype="float32",
    ):
        super().__init__(ignore, reduction, name, dtype)
        for argument, value in (
            ("threshold", threshold),
            ("min_kept_share", min_kept_share),
        ):
            if not 0 < value < 1:
                raise ValueError(
                    f"{argument} must be between 0 and 1, got {value}."
                )
        self.threshold = threshold
        self.min_kept_share = min_kept_share

    def call(self, y_true, y_pred):
        losses, _, _ = self.pixel_losses(y_true, y_pred)
        batch = ops.shape(losses)[0]
        hardest = ops.flip(ops.sort(ops.reshape(losses, (-1,))), axis=0)
        rank = ops.arange(ops.shape(hardest)[0])
        pixels = ops.cast(ops.shape(hardest)[0], "float32")
        least = ops.cast(ops.floor(pixels * self.min_kept_share), rank.dtype)
        least = ops.maximum(least, 1)
        is_hard = hardest > -math.log(self.threshold)
        enough = ops.take(is_hard, least)
        kept = ops.cast(ops.where(enough, is_hard, rank < least), losses.dtype)
        value = ops.sum(hardest * kept) / ops.sum(kept)
        # One value per image: Keras averages these over several devices, a
        # scalar it would add up.
        return ops.broadcast_to(value, (batch,))

    def get_config(self):
        return {
            **super().get_config(),
            "threshold": self.threshold,
            "min_kept_share": self.min_kept_share,
        }


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
