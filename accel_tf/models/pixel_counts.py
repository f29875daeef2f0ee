"""The multiply-additions of a model as a function of the size of the frame.

Layers work once for every pixel of a feature map, and the side of a map is
`(side + added) // stride` of the frame's, whatever was rounded in between. So
the cost of a frame of any size is a sum of few terms, each a number times the
pixels of one map, or of two where all pixels of one look at all of another.
"""

import math
import typing


class Grid(typing.NamedTuple):
    """The places of a feature map in frames of any size.

    Attributes:
        stride: pixels of the frame per pixel of the map.
        added: pixels that are added to a side before it is divided: 0 where
            sides are rounded down, `stride - 1` where they are rounded up.
    """

    stride: int
    added: int

    def side(self, side):
        return max((side + self.added) // self.stride, 0)

    def pixels(self, height, width):
        return self.side(height) * self.side(width)


class Term(typing.NamedTuple):
    """One summand.

    Attributes:
        factor: multiply-additions for every pixel.
        grids: tuple of `Grid`s whose pixels are multiplied; empty for what
            costs the same in frames of any size.
    """

    factor: int
    grids: tuple = ()

    def count(self, height, width):
        pixels = (grid.pixels(height, width) for grid in self.grids)
        return self.factor * math.prod(pixels)

    def to_list(self):
        """As in the table: the factor, then stride and summand of grids."""
        return [self.factor, *map(list, self.grids)]

    @classmethod
    def from_list(cls, values):
        factor, *grids = values
        return cls(factor, tuple(Grid(*grid) for grid in grids))


def count(terms, height, width):
    """The sum of terms for a frame of `height` and `width` in pixels."""
    return sum(term.count(height, width) for term in terms)
