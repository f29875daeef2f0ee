"""Losses that Keras does not have: segmentation and optical flow."""

import math

import keras
from keras import ops

from accel_tf.data.label_maps import IGNORE


class _LabelMapLoss(keras.losses.Loss):
    """What the losses on label maps have in common; always in float32."""

    def __init__(self, ignore, reduction, name, dtype):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.ignore = ignore

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None and len(sample_weight.shape) > 1:
            raise ValueError(
                "sample_weight must be [B], one number per image, got shape "
                f"{tuple(sample_weight.shape)}; to weigh pixels by their "
                "class, give SegmentationCrossEntropy class_weights."
            )
        return super().__call__(y_true, y_pred, sample_weight)

    def pixel_losses(self, y_true, y_pred):
        """Cross entropies, labels and which of them count, `[B, H, W]`."""
        labels = ops.cast(y_true, "int32")
        if len(labels.shape) == len(y_pred.shape):
            labels = ops.squeeze(labels, axis=-1)
        counts = ops.not_equal(labels, self.ignore)
        labels = ops.where(counts, labels, 0)
        losses = ops.sparse_categorical_crossentropy(
            labels, y_pred, from_logits=True
        )
        # Not every backend refuses labels that are no class.
        unknown = labels >= y_pred.shape[-1]
        losses = ops.where(unknown, float("nan"), losses)
        return ops.where(counts, losses, 0.0), labels, counts

    def get_config(self):
        return {**super().get_config(), "ignore": self.ignore}


@keras.saving.register_keras_serializable(package="accel_tf")
class SegmentationCrossEntropy(_LabelMapLoss):
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
            if len(self.class_weights) != y_pred.shape[-1]:
                raise ValueError(
                    f"class_weights has {len(self.class_weights)} numbers for "
                    f"{y_pred.shape[-1]} classes."
                )
            table = ops.convert_to_tensor(self.class_weights, losses.dtype)
            losses = losses * ops.take(table, labels)
        number = ops.sum(ops.cast(counts, losses.dtype), axis=(1, 2))
        return ops.sum(losses, axis=(1, 2)) / ops.maximum(number, 1.0)

    def get_config(self):
        return {**super().get_config(), "class_weights": self.class_weights}


@keras.saving.register_keras_serializable(package="accel_tf")
class OhemCrossEntropy(_LabelMapLoss):
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
