"""The first and the last layers of a model by their share of its weights."""

import numpy as np


def layer_mask(space, end, fraction, rng):
    """Marks a share of the weights by whole tensors.

    Tensors are taken in the order of the space from its end or its beginning
    until the share is reached; of the tensor that does not fit whole, each
    weight is taken with the chance that is left. For the student of AMS
    these are the authors' lists.

    Args:
        space: `ParameterSpace`.
        end: `"first"`, `"last"` or `"both"`, half of the share from each end.
        fraction: share of the trainable weights, above 0 and at most 1.
        rng: `numpy.random.Generator`.

    Returns:
        bool array `[trainable_size]`.
    """
    mask = np.zeros(space.trainable_size, bool)
    if end == "both":
        for each in ("first", "last"):
            mask |= layer_mask(space, each, fraction / 2, rng)
        return mask
    left = fraction * space.trainable_size
    tensors = list(enumerate(space.trainable))
    for index, _ in tensors if end == "first" else reversed(tensors):
        start, stop = space.offsets[index : index + 2]
        size = stop - start
        if size > left:
            mask[start:stop] = rng.random(size) < left / size
            break
        mask[start:stop] = True
        left -= size
    return mask
