"""Label images in which colours or grey values stand for classes."""

import itertools

import numpy as np

from accel_tf.data.label_maps import IGNORE

UNKNOWN = -1
"""Index of pixels that are not in a table."""


class _Table:
    """Class index of every code of a pixel."""

    def __init__(self, codes, classes, size, source):
        self._source = source
        self._table = np.full(size, UNKNOWN, np.int16)
        for code, index in zip(codes, classes.values(), strict=True):
            self._table[code] = index

    def look_up(self, image):
        """Class indices of a label image, and what is not in the table.

        Args:
            image: as for `indices`.

        Returns:
            int16 [height, width], `UNKNOWN` where a pixel is not in the table.
        """
        return self._table[self._codes(image)]

    def indices(self, path, image, faults=None):
        """Class indices of a label image.

        Args:
            path: of the image, for messages.
            image: uint8 [height, width], or [height, width, 3] of colours.
            faults: list that gets a text if pixels are not in the table,
                which then are ignored; without it they are an error.

        Returns:
            uint8 [height, width].

        Raises:
            ValueError: A pixel is not in the table.
        """
        indices = self.look_up(image)
        unknown = indices == UNKNOWN
        if unknown.any():
            y, x = np.argwhere(unknown)[0].tolist()
            text = self._fault(path, image, y, x)
            if faults is None:
                raise ValueError(text)
            faults.append(f"{text}; pixels ignored there: {unknown.sum()}")
            indices = np.where(unknown, IGNORE, indices)
        return indices.astype(np.uint8)


class ColorTable(_Table):
    """Class index of every colour.

    Args:
        classes: dict from (red, green, blue) to a class index, or to 255
            (ignore).
        source: where the colours are listed, for messages.
    """

    def __init__(self, classes, source):
        codes = [self._codes(np.array(color, np.uint8)) for color in classes]
        # One entry for each of the 2**24 colours: looking up is ten times
        # faster than sorting the pixels by colour.
        super().__init__(codes, classes, 2**24, source)

    def _codes(self, colors):
        red, green, blue = np.moveaxis(colors.astype(np.int32), -1, 0)
        return red << 16 | green << 8 | blue

    def _fault(self, path, image, y, x):
        color = tuple(image[y, x].tolist())
        return (
            f"{path} has the colour {color} at x={x}, y={y}, which is "
            f"not listed in {self._source}"
        )


class ValueTable(_Table):
    """Class index of every grey value or palette index.

    Args:
        classes: dict from a value to a class index, or to 255 (ignore).
        source: where the values come from, for messages.
    """

    def __init__(self, classes, source):
        self._classes = dict(classes)
        super().__init__(classes, classes, 256, source)

    def _codes(self, values):
        return values

    def _fault(self, path, image, y, x):
        return (
            f"{path} holds the value {image[y, x]} at x={x}, y={y}; by "
            f"{self._source} the classes are {self._ranges(False)}, and "
            f"{self._ranges(True)} is ignored"
        )

    def _ranges(self, ignored):
        values = sorted(
            value
            for value, index in self._classes.items()
            if (index == IGNORE) == ignored
        )
        runs = itertools.groupby(
            enumerate(values), lambda place: place[1] - place[0]
        )
        runs = [[value for _, value in run] for _, run in runs]
        texts = [
            f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}"
            for run in runs
        ]
        return ", ".join(texts) or "nothing"
