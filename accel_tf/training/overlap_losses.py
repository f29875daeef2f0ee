"""Losses that look at classes as regions, as the mean IoU does."""

import keras
from keras import ops

from accel_tf.data.label_maps import IGNORE
from accel_tf.training.label_map_loss import LabelMapLoss


@keras.saving.register_keras_serializable(package="accel_tf")
class DiceLoss(LabelMapLoss):
    """One minus the soft Dice coefficient, class by class.

    The form of V-Net (Milletari et al., 3DV 2016) for several classes, with
    sums rather than squares: `1 - 2 |P T| / (|P| + |T|)` of the
    probabilities P and the truth T over the labelled pixels of an image,
    averaged over the classes that its labels show. It counts small classes
    like large ones, and is steadier beside a cross entropy: `"cross_entropy+
    dice"` of `make_loss`.

    `y_true`: labels `[B, H, W]` or `[B, H, W, 1]`; `y_pred`: logits
    `[B, H, W, classes]`. One value per image, 0 where nothing is labelled.

    Args:
        ignore: label of the pixels that do not count.
    """

    def __init__(
        self,
        ignore=IGNORE,
        reduction="sum_over_batch_size",
        name="dice_loss",
        dtype="float32",
    ):
        super().__init__(ignore, reduction, name, dtype)

    def call(self, y_true, y_pred):
        probabilities, truth = self.shares(y_true, y_pred)
        overlap = ops.sum(probabilities * truth, axis=1)
        number = ops.sum(truth, axis=1)
        total = ops.sum(probabilities, axis=1) + number
        # Without labels nothing is below the line either.
        losses = 1.0 - 2.0 * overlap / ops.maximum(total, 1e-7)
        return _mean_over_present(losses, number)


@keras.saving.register_keras_serializable(package="accel_tf")
class LovaszSoftmax(LabelMapLoss):
    """A surrogate of one minus the IoU, class by class.

    Lovász-softmax (Berman et al., CVPR 2018, algorithm 1): the errors of the
    pixels, `1 - p` inside the class and `p` outside, weighed by how much the
    IoU falls when they are wrong one after the other, the greatest first;
    averaged over the classes that an image's labels show. Meant for the end
    of a training, or beside a cross entropy: `"cross_entropy+lovasz"` of
    `make_loss`. It sorts the pixels of every class, which takes time.

    `y_true`, `y_pred` and `ignore` as in `DiceLoss`.
    """

    def __init__(
        self,
        ignore=IGNORE,
        reduction="sum_over_batch_size",
        name="lovasz_softmax",
        dtype="float32",
    ):
        super().__init__(ignore, reduction, name, dtype)

    def call(self, y_true, y_pred):
        probabilities, truth = (
            ops.transpose(each, (0, 2, 1))
            for each in self.shares(y_true, y_pred)
        )
        # 0 where a pixel does not count: it comes last and adds nothing.
        errors = ops.abs(truth - probabilities)
        order = ops.argsort(-ops.stop_gradient(errors), axis=-1)
        errors = ops.take_along_axis(errors, order, axis=-1)
        truth = ops.take_along_axis(truth, order, axis=-1)
        losses = ops.sum(errors * _steps_of_jaccard(truth), axis=-1)
        return _mean_over_present(losses, ops.sum(truth, axis=-1))


def _steps_of_jaccard(truth):
    """How much each pixel more that is wrong raises `1 - IoU`.

    Args:
        truth: `[..., pixels]`, 0 or 1, in the order in which they go wrong.
    """
    number = ops.sum(truth, axis=-1, keepdims=True)
    overlap = number - ops.cumsum(truth, axis=-1)
    union = number + ops.cumsum(1.0 - truth, axis=-1)
    # A class without pixels is left out by the caller.
    distance = 1.0 - overlap / ops.maximum(union, 1.0)
    before = ops.concatenate(
        [ops.zeros_like(distance[..., :1]), distance[..., :-1]], axis=-1
    )
    return distance - before


def _mean_over_present(losses, number):
    """Mean over the classes with pixels; both `[B, classes]`, gives `[B]`."""
    present = ops.where(ops.isnan(number), number, ops.sign(number))
    classes = ops.maximum(ops.sum(present, axis=-1), 1.0)
    return ops.sum(losses * present, axis=-1) / classes
