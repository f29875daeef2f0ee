"""The first and the last layers of a model by their share of its weights."""

import numpy as np


def layer_shares(space, end, fraction):
    """How much of each tensor belongs to a share of the weights.

    Tensors are taken whole, in the order of the space from its beginning or
    its end, until the share is reached; of the one that does not fit, a part.

    Args:
        space: `ParameterSpace`.
        end: `"first"`, `"last"` or `"both"`, half of the share from each end.
        fraction: share of the trainable weights, above 0 and at most 1.

    Returns:
        float64 array, 0 to 1 for each of `space.trainable`.
    """
    if end == "both":
        halves = [
            layer_shares(space, each, fraction / 2)
            for each in ("first", "last")
        ]
        return np.minimum(sum(halves), 1.0)
    sizes = np.diff(space.offsets[: len(space.trainable) + 1])
    if end == "last":
        sizes = sizes[::-1]
    left = fraction * space.trainable_size - (np.cumsum(sizes) - sizes)
    shares = np.clip(left / sizes, 0.0, 1.0)
    return shares[::-1] if end == "last" else shares


def layer_mask(space, end, fraction, rng):
    """Marks a share of the weights by whole tensors.

    See `layer_shares`; of the tensor that does not fit, each weight is
    marked with the chance that is its share. For the student of AMS these
    are the lists of its authors; those that miss their fraction (the first
    and the last 2 %, both ends' 5 %) have the rest of the chance to 1 instead.

    Args:
        space, end, fraction: as for `layer_shares`.
        rng: `numpy.random.Generator`.

    Returns:
        bool array `[trainable_size]`.
    """
    sizes = np.diff(space.offsets[: len(space.trainable) + 1])
    chances = np.repeat(layer_shares(space, end, fraction), sizes)
    return rng.random(space.trainable_size) < chances
