"""What the losses on label maps have in common."""

import keras
from keras import ops

from accel_tf.data.label_maps import IGNORE


class LabelMapLoss(keras.losses.Loss):
    """A loss of logits on labels of which some do not count.

    `y_true`: labels `[B, H, W]` or `[B, H, W, 1]`, any dtype; `y_pred`:
    logits `[B, H, W, classes]`. One value per image, always in float32. A
    label that is neither a class nor `ignore` makes the loss NaN or, on some
    backends, is an error.

    Args:
        ignore: label of the pixels that do not count.
    """

    def __init__(
        self,
        ignore=IGNORE,
        reduction="sum_over_batch_size",
        name=None,
        dtype="float32",
    ):
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

    def labels(self, y_true, y_pred):
        """The labels, 0 where none counts.

        Returns:
            `(labels, counts, unknown)`, all `[B, H, W]`: int32, and bool
            whether the pixel counts and whether its label is no class.
        """
        labels = ops.cast(y_true, "int32")
        if len(labels.shape) == len(y_pred.shape):
            labels = ops.squeeze(labels, axis=-1)
        counts = ops.not_equal(labels, self.ignore)
        labels = ops.where(counts, labels, 0)
        # Not every backend refuses labels that are no class.
        return labels, counts, labels >= y_pred.shape[-1]

    def pixel_losses(self, y_true, y_pred):
        """Cross entropies, labels and which of them count, `[B, H, W]`."""
        labels, counts, unknown = self.labels(y_true, y_pred)
        losses = ops.sparse_categorical_crossentropy(
            labels, y_pred, from_logits=True
        )
        losses = ops.where(unknown, float("nan"), losses)
        return ops.where(counts, losses, 0.0), labels, counts

    def shares(self, y_true, y_pred):
        """Probabilities and truth as far as they count.

        Returns:
            `(probabilities, truth)`, both float32 `[B, H * W, classes]`; 0
            for pixels that do not count.
        """
        labels, counts, unknown = self.labels(y_true, y_pred)
        classes = y_pred.shape[-1]
        # 1 for pixels that count, NaN for labels of no class.
        counts = ops.where(unknown, float("nan"), ops.cast(counts, "float32"))
        counts = ops.expand_dims(counts, -1)
        probabilities = ops.softmax(ops.cast(y_pred, "float32"), axis=-1)
        labels = ops.minimum(labels, classes - 1)
        truth = ops.one_hot(labels, classes, dtype="float32")
        return tuple(
            ops.reshape(values * counts, (ops.shape(labels)[0], -1, classes))
            for values in (probabilities, truth)
        )

    def get_config(self):
        return {**super().get_config(), "ignore": self.ignore}


def weights_of_pixels(class_weights, labels, num_classes):
    """The weight of each pixel by its class.

    Args:
        class_weights: one float per class.
        labels: int32 `[B, H, W]`, all of them classes.
        num_classes: number of classes.

    Raises:
        ValueError: if there is another number of weights.
    """
    if len(class_weights) != num_classes:
        raise ValueError(
            f"class_weights has {len(class_weights)} numbers for "
            f"{num_classes} classes."
        )
    return ops.take(ops.convert_to_tensor(class_weights, "float32"), labels)


def mean_over_labelled(losses, counts):
    """Mean over the labelled pixels of each image, `[B]`; 0 without any."""
    number = ops.sum(ops.cast(counts, losses.dtype), axis=(1, 2))
    return ops.sum(losses, axis=(1, 2)) / ops.maximum(number, 1.0)
