"""The losses of segmentation that a config names."""

import keras

from accel_tf.training.losses import (
    FocalCrossEntropy,
    OhemCrossEntropy,
    SegmentationCrossEntropy,
)
from accel_tf.training.overlap_losses import DiceLoss, LovaszSoftmax

LOSSES = {
    "cross_entropy": SegmentationCrossEntropy,
    "ohem": OhemCrossEntropy,
    "focal": FocalCrossEntropy,
    "dice": DiceLoss,
    "lovasz": LovaszSoftmax,
}
"""Name -> class; `make_loss` also takes sums such as "cross_entropy+dice"."""

_WEIGHED = ("cross_entropy", "focal")


def takes_class_weights(name):
    """Whether a loss, or a part of a sum of losses, weighs classes.

    Args:
        name: as for `make_loss`.
    """
    return any(part in _WEIGHED for part in _parts(name))


def make_loss(name, class_weights=None):
    """A loss of logits `[B, H, W, classes]` on labels `[B, H, W]`.

        model.compile("adam", make_loss("cross_entropy+dice"))

    Args:
        name: one of `LOSSES`, or several with `+` between them, whose values
            are added.
        class_weights: one float per class for "cross_entropy" and "focal";
            the others weigh classes by themselves.

    Returns:
        A `keras.losses.Loss`; pixels with the label 255 do not count.

    Raises:
        ValueError: if there is no such loss, or it takes no class weights.
    """
    if class_weights is not None and not takes_class_weights(name):
        raise ValueError(
            f"the loss {name!r} takes no class weights; {', '.join(_WEIGHED)} "
            "do."
        )
    losses = []
    for part in _parts(name):
        weights = {"class_weights": class_weights} if part in _WEIGHED else {}
        losses.append(LOSSES[part](**weights))
    return losses[0] if len(losses) == 1 else SumOfLosses(losses)


def _parts(name):
    parts = name.split("+")
    for part in parts:
        if part not in LOSSES:
            raise ValueError(
                f"no loss {part!r}; there are {', '.join(LOSSES)}, and sums "
                'such as "cross_entropy+dice".'
            )
    return parts


@keras.saving.register_keras_serializable(package="accel_tf")
class SumOfLosses(keras.losses.Loss):
    """Several losses of the same scores and labels, added.

    Args:
        losses: list of `keras.losses.Loss`, with one value per image each.
    """

    def __init__(
        self,
        losses,
        reduction="sum_over_batch_size",
        name="sum_of_losses",
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.losses = [keras.losses.get(loss) for loss in losses]

    def call(self, y_true, y_pred):
        return sum(loss.call(y_true, y_pred) for loss in self.losses)

    def get_config(self):
        losses = [keras.losses.serialize(loss) for loss in self.losses]
        return {**super().get_config(), "losses": losses}
