"""Classes that a video has, among those of a model."""

import numpy as np

from accel_tf.data.label_maps import IGNORE


def places_of_classes(class_indices=None):
    """Where each label stands in a subset of the classes.

    Args:
        class_indices: the classes of the subset, 0 to 254, in its order; all
            by default.

    Returns:
        int32 `[256]`, by label: its place in the subset, -1 if it is not in
        it.

    Raises:
        ValueError: if there is no class, one twice, or none of this kind.
    """
    if class_indices is None:
        class_indices = range(IGNORE)
    indices = [int(each) for each in class_indices]
    if not indices or len(set(indices)) < len(indices):
        raise ValueError(
            f"class_indices is {indices}; different classes are needed."
        )
    if not all(0 <= each < IGNORE for each in indices):
        raise ValueError(
            f"class_indices is {indices}; classes are 0 to {IGNORE - 1}."
        )
    places = np.full(256, -1, np.int32)
    places[indices] = np.arange(len(indices))
    return places
