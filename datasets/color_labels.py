"""Label images in which colours stand for classes."""

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


def check_indices(path, indices, num_classes):
    """Raises ValueError if there are values besides the classes and 255."""
    wrong = (indices >= num_classes) & (indices != IGNORE)
    if wrong.any():
        y, x = np.argwhere(wrong)[0].tolist()
        raise ValueError(
            f"{path} holds the value {indices[y, x]} at x={x}, y={y}; the "
            f"classes are 0 to {num_classes - 1}, and {IGNORE} is ignored"
        )


def _code(colors):
    red, green, blue = np.moveaxis(colors.astype(np.int32), -1, 0)
    return red << 16 | green << 8 | blue
