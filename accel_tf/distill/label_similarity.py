"""How alike the labels of consecutive frames are."""


def label_similarity(labels, class_indices=None):
    """Mean IoU of each label map with the next, averaged over the pairs.

    Pixels count where both maps have one of the classes, and classes where
    either map has them.

    Args:
        labels: list of uint8 `[H, W]` in the order of time; the first is
            the last one of the period before, if there was one. A pair of
            different sizes does not count.
        class_indices: the classes that count; all but 255 by default.

    Returns:
        float, 0 (nothing stayed) to 1 (nothing changed); NaN if no pair has
        a pixel that counts.
    """
    raise NotImplementedError
