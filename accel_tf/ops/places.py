"""Where along an axis an image is interpolated."""

import dataclasses
import numbers
from typing import Any

import numpy as np
from keras import ops


@dataclasses.dataclass(frozen=True)
class Places:
    """Fractional pixels along one axis, in ascending order.

    Attributes:
        at: float32 `[N]`, 0 in the middle of the first pixel; an array, or
            a tensor where sizes are unknown before a program runs.
        count: N, an int or an integer scalar tensor.
        step: how far each is from the one before, at most: a number, or a
            scalar tensor.
    """

    at: Any
    count: Any
    step: Any = 1.0

    @classmethod
    def of_pixels(cls, count):
        """The middles of the first `count` pixels."""
        if isinstance(count, numbers.Integral):
            return cls(np.arange(count, dtype="float32"), int(count))
        return cls(ops.cast(ops.arange(count), "float32"), count)

    def mapped(self, function):
        """The same places in other pixels.

        Args:
            function: gives the new place of a place, a tensor or a number;
                it is linear and does not descend.
        """
        step = self.step * (function(1.0) - function(0.0))
        return Places(function(self.at), self.count, step)

    def within(self, last):
        """What lies outside of the pixels 0 to `last` moves to these."""
        known = isinstance(self.at, np.ndarray) and isinstance(last, float)
        at = (np if known else ops).clip(self.at, 0.0, last)
        return dataclasses.replace(self, at=at)


def as_float(number):
    """A float of an int, a float32 tensor of an integer tensor."""
    if isinstance(number, numbers.Integral):
        return float(number)
    return ops.cast(number, "float32")
