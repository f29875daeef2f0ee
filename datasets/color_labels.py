"""Label images in which colours or grey values stand for classes."""

import itertools

import numpy as np

from accel_tf.data.label_maps import IGNORE

_UNKNOWN = -1


class ColorTable:
    """Class index of every colour.

    Args:
        classes: dict from (red, green, blue) to a class index, or to 255
            (ignore).
        source: where the colours are listed, for messages.
    """

    def __init__(self, classes, source):
        self._source = source
        # One entry for each of the 2**24 colours: looking up is ten times
        # faster than sorting the pixels by colour.
        self._table = np.full(2**24, _UNKNOWN, np.int16)
        for color, index in classes.items():
            self._table[_code(np.array(color, np.uint8))] = index

    def indices(self, path, image):
        """Class indices of a label image.

        Args:
            path: of the image, for messages.
            image: uint8 [height, width, 3], RGB.

        Returns:
            uint8 [height, width].

        Raises:
            ValueError: A pixel has a colour that is not in the table.
        """
        indices = self._table[_code(image)]
        if indices.min() == _UNKNOWN:
            y, x = np.argwhere(indices == _UNKNOWN)[0].tolist()
            color = tuple(image[y, x].tolist())
            raise ValueError(
                f"{path} has the colour {color} at x={x}, y={y}, which is "
                f"not listed in {self._source}"
            )
        return indices.astype(np.uint8)


class ValueTable:
    """Class index of every grey value or palette index.

    Args:
        classes: dict from a value to a class index, or to 255 (ignore).
        source: where the values come from, for messages.
    """

    def __init__(self, classes, source):
        self._source = source
        self._classes = dict(classes)
        self._table = np.full(256, _UNKNOWN, np.int16)
        for value, index in classes.items():
            self._table[value] = index

    def indices(self, path, image):
        """Class indices of a label image.

        Args:
            path: of the image, for messages.
            image: uint8 [height, width].

        Returns:
            uint8 [height, width].

        Raises:
            ValueError: A pixel has a value that is not in the table.
        """
        indices = self._table[image]
        if indices.min() == _UNKNOWN:
            y, x = np.argwhere(indices == _UNKNOWN)[0].tolist()
            raise ValueError(
                f"{path} holds the value {image[y, x]} at x={x}, y={y}; by "
                f"{self._source} the classes are {self._ranges(False)}, and "
                f"{self._ranges(True)} is ignored"
            )
        return indices.astype(np.uint8)

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


def _code(colors):
    red, green, blue = np.moveaxis(colors.astype(np.int32), -1, 0)
    return red << 16 | green << 8 | blue
