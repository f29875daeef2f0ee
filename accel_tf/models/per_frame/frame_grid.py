"""How frames of any size go into a network, and its scores come back."""

import dataclasses
import functools

from keras import ops

from accel_tf.ops import resize_bilinear
from accel_tf.ops.places import Places, as_float
from accel_tf.ops.resize import interpolate


@dataclasses.dataclass(frozen=True)
class FrameGrid:
    """The pixels of a frame and those of a network's scores.

    A score of stride `s` stands for the middle of `s` times `s` pixels of
    the frame, the first one in its top left corner; a frame has as many as
    it takes to cover it. A network for images of any size gets the frame
    with its last row and column repeated as often as need be, so that its
    own scores are these. One for images of a fixed size gets the frame
    resized, and its scores are read at the places of these.

    Attributes:
        stride: of the scores.
        multiple_of: sides of images that the network takes are multiples of
            it; of use where there is no `size`.
        size: `(height, width)` of the only images that the network takes;
            `None` if it takes others.
        aligns_corners: whether the network's corner scores lie on its
            image's corner pixels, as where 513 pixels have 65 scores.
    """

    stride: int
    multiple_of: int = 1
    size: tuple | None = None
    aligns_corners: bool = False

    def native_size(self, size):
        """`(height, width)` of the scores of a frame of that size."""
        return tuple(-(-side // self.stride) for side in size)

    def image_size(self, size):
        """`(height, width)` of the image that the network gets."""
        if self.size:
            return self.size
        multiple = self.multiple_of
        return tuple(-(-side // multiple) * multiple for side in size)

    def image(self, frame):
        """What the network gets.

        Args:
            frame: float tensor `[B, H, W, 3]`.
        """
        size = ops.shape(frame)[1:3]
        new_size = self.image_size(size)
        if _same(size, new_size):
            return frame
        if self.size:
            return resize_bilinear(frame, self.size)
        for axis, (new, old) in enumerate(zip(new_size, size, strict=True)):
            index = ops.minimum(ops.arange(new), old - 1)
            frame = ops.take(frame, index, axis=1 + axis)
        return frame

    def scores(self, scores, size):
        """The scores of a frame from those of its image.

        Args:
            scores: `[B, h, w, C]`, from the network.
            size: `(height, width)` of the frame.
        """
        height, width = self.native_size(size)
        same = _same(ops.shape(scores)[1:3], (height, width))
        if same and not self.aligns_corners:
            return scores
        if not self.size:
            return scores[:, :height, :width]
        places = []
        for axis, new in enumerate((height, width)):
            last = as_float(ops.shape(scores)[1 + axis] - 1)
            place = Places.of_pixels(new).mapped(
                functools.partial(
                    self.position, axis=axis, size=size, last=last
                )
            )
            places.append(place.within(last))
        return interpolate(scores, *places)

    def position(self, index, axis, size, last):
        """Where the network's scores have the place of the frame's.

        Args:
            index: of the frame's scores along an axis.
            axis: 0 for rows, 1 for columns.
            size: `(height, width)` of the frame.
            last: index of the last of the network's.
        """
        side = size[axis]
        if not isinstance(side, int):
            side = ops.cast(side, "float32")
        middle = (index + 0.5) * self.stride / side
        if not self.aligns_corners:
            return middle * (last + 1) - 0.5
        whole = self.size[axis]
        return (middle * whole - 0.5) * last / max(whole - 1, 1)


def _same(size, other):
    known = all(isinstance(side, int) for side in (*size, *other))
    return known and tuple(size) == tuple(other)
