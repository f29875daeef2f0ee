"""Adam of which only some coordinates move."""

import math

from keras import ops

_FIRST_DECAY, _SECOND_DECAY = 0.9, 0.999
_EPSILON = 1e-8


def adam_rate(step, learning_rate=1e-3):
    """The learning rate with the bias of Adam's moments taken out.

    Args:
        step: number of the step, from 1.
        learning_rate: of Adam.

    Returns:
        float.
    """
    second = math.sqrt(1 - _SECOND_DECAY**step)
    return learning_rate * second / (1 - _FIRST_DECAY**step)


def masked_adam(weights, gradient, first_moment, second_moment, mask, rate):
    """One step of Adam after which some weights are put back.

    The moments follow all coordinates, also those that are put back:
    gradients set to zero would be another algorithm, in which a coordinate
    that becomes free starts from nothing. Epsilon is 1e-8 and is added
    outside of the correction of the bias, as in TensorFlow 1 and Keras.

    Args:
        weights: float32 tensor `[n]`.
        gradient: float32 tensor `[n]`.
        first_moment, second_moment: float32 tensors `[n]`.
        mask: bool tensor `[n]`, the weights that may move.
        rate: float or scalar tensor, from `adam_rate`.

    Returns:
        `(weights, first_moment, second_moment, change)`, tensors `[n]`;
        `change` is what Adam adds where the mask lets it.
    """
    first_moment = first_moment + (gradient - first_moment) * (1 - _FIRST_DECAY)
    second_moment = second_moment + (ops.square(gradient) - second_moment) * (
        1 - _SECOND_DECAY
    )
    change = -rate * first_moment / (ops.sqrt(second_moment) + _EPSILON)
    weights = ops.where(mask, weights + change, weights)
    return weights, first_moment, second_moment, change
