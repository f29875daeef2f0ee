"""The mean IoU as a metric of `model.compile`."""

import keras
from keras import ops

from accel_tf.data.label_maps import IGNORE


@keras.saving.register_keras_serializable(package="accel_tf")
class MeanIoU(keras.metrics.Metric):
    """Mean intersection over union of the classes of the greatest logits.

        model.compile("adam", loss, metrics=[accel_tf.metrics.MeanIoU(19)])

    Pooled over all frames since the last reset, as `accel_tf.metrics.mean_iou`
    of one confusion matrix: an epoch in `fit`, the whole data in `evaluate`.
    Classes that neither occur nor are predicted are left out; NaN if no pixel
    has counted.

    `y_true`: labels `[B, H, W]` or `[B, H, W, 1]`, any dtype; values that are
    no class do not count. `y_pred`: logits or probabilities
    `[B, H, W, classes]`. Unlike `keras.metrics.MeanIoU` it takes logits.

    Args:
        num_classes: number of classes.
        ignore: label of pixels that do not count, though it may be a class.

    Raises:
        ValueError: if `num_classes` is below 1, or logits are of another
            number of classes.
    """

    def __init__(self, num_classes, ignore=IGNORE, name="mean_iou", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if num_classes < 1:
            raise ValueError(
                f"num_classes must be 1 or more, not {num_classes}"
            )
        self.num_classes = num_classes
        self.ignore = ignore
        # Floats count exactly up to 16 million in float32; the pixels of an
        # epoch are more.
        self.confusion = self.add_variable(
            (num_classes, num_classes), "zeros", "int64", name="confusion"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts the pixels of a batch.

        Args:
            y_true, y_pred: see the class.
            sample_weight: `[B]` or `[B, H, W]`; pixels of weight 0 do not
                count, all others count alike.
        """
        classes = self.num_classes
        if y_pred.shape[-1] != classes:
            raise ValueError(
                f"{self.name} counts {classes} classes, the logits have "
                f"{y_pred.shape[-1]}."
            )
        labels = ops.cast(y_true, "int32")
        if len(labels.shape) == len(y_pred.shape):
            labels = ops.squeeze(labels, axis=-1)
        counts = (labels >= 0) & (labels < classes) & (labels != self.ignore)
        if sample_weight is not None:
            weight = ops.convert_to_tensor(sample_weight) != 0
            while len(weight.shape) < len(labels.shape):
                weight = ops.expand_dims(weight, -1)
            counts = counts & weight
        pairs = labels * classes + ops.cast(ops.argmax(y_pred, -1), "int32")
        # What does not count is counted in one place more, and left out.
        pairs = ops.reshape(ops.where(counts, pairs, classes**2), (-1,))
        numbers = ops.segment_sum(
            ops.ones_like(pairs), pairs, num_segments=classes**2 + 1
        )
        numbers = ops.reshape(numbers[:-1], (classes, classes))
        self.confusion.assign_add(ops.cast(numbers, self.confusion.dtype))

    def iou_per_class(self):
        """IoU of every class, float32 `[classes]`; NaN where none is."""
        confusion = ops.cast(self.confusion, "float32")
        hits = ops.diagonal(confusion)
        union = ops.sum(confusion, 0) + ops.sum(confusion, 1) - hits
        return ops.where(
            union > 0, hits / ops.maximum(union, 1.0), float("nan")
        )

    def result(self):
        """The mean over the classes that occur or are predicted, 0..1."""
        values = self.iou_per_class()
        known = ops.logical_not(ops.isnan(values))
        number = ops.sum(ops.cast(known, "float32"))
        total = ops.sum(ops.where(known, values, 0.0))
        return ops.where(
            number > 0, total / ops.maximum(number, 1.0), float("nan")
        )

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "ignore": self.ignore,
        }
