"""How far labels are those of float32."""

import numpy as np


class Agreement:
    """Counts labels beside those of float32.

    Args:
        num_classes: of the labels.

    Attributes:
        counts: int64 `[classes, classes]`: pixels by float32's label and by
            the other.
        by_step: dict of the name of a kind of step -> `[equal, all]` pixels.
    """

    def __init__(self, num_classes):
        self.counts = np.zeros((num_classes, num_classes), np.int64)
        self.by_step = {}

    def add(self, step, exact, labels):
        """Counts the labels of a step, uint8 arrays of one shape."""
        classes = len(self.counts)
        pairs = exact.astype(np.int64).ravel() * classes + labels.ravel()
        counts = np.bincount(pairs, minlength=classes**2)
        counts = counts.reshape(classes, classes)
        self.counts += counts
        equal = self.by_step.setdefault(step, [0, 0])
        equal[0] += int(counts.trace())
        equal[1] += int(counts.sum())

    @property
    def share(self):
        """Of the pixels whose label is float32's."""
        return float(self.counts.trace() / self.counts.sum())

    def of_step(self, step):
        """The same, of the steps of one kind."""
        equal, pixels = self.by_step[step]
        return equal / pixels

    def classes(self, names):
        """What became of each class that one of both has.

        Args:
            names: of all classes.

        Returns:
            list of dict: `name`; `share` and `int8_share` of all pixels;
            `agreement`, of float32's pixels of the class those that have it
            still (`None` where float32 has none).
        """
        pixels = self.counts.sum()
        rows = zip(
            names,
            self.counts.sum(1),
            self.counts.sum(0),
            self.counts.diagonal(),
            strict=True,
        )
        return [
            {
                "name": name,
                "share": float(exact / pixels),
                "int8_share": float(whole / pixels),
                "agreement": float(equal / exact) if exact else None,
            }
            for name, exact, whole, equal in rows
            if exact or whole
        ]
