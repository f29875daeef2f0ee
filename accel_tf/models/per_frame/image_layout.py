"""What a program's input says of the images that it takes."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class ImageLayout:
    """Of the one input of a program.

    Attributes:
        channels_first: whether images are `[B, 3, H, W]`.
        batch: of the only batches that it takes, or `None`.
        size: `(height, width)` of the only images that it takes, or `None`.
    """

    channels_first: bool
    batch: int | None
    size: tuple | None

    @classmethod
    def of_shape(cls, shape, kind):
        """From the input's shape; what is no positive int is open.

        Args:
            shape: of the input.
            kind: of the program, for messages.

        Raises:
            ValueError: if no images have such a shape.
        """
        sides = [
            side if isinstance(side, int) and side > 0 else None
            for side in shape
        ]
        if len(sides) != 4 or 3 not in (sides[1], sides[3]):
            raise ValueError(
                f"{kind} must take images [B, H, W, 3] or [B, 3, H, W], not "
                f"{list(shape)}."
            )
        channels_first = sides[3] != 3
        size = tuple(sides[2:] if channels_first else sides[1:3])
        if (size[0] is None) != (size[1] is None):
            raise ValueError(
                f"{kind} takes images {list(shape)}: one side fixed and one "
                "free; fix both or none."
            )
        return cls(channels_first, sides[0], None if size[0] is None else size)

    def to_input(self, images):
        """Images `[B, H, W, 3]` in this layout, NumPy."""
        if self.channels_first:
            images = images.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(images)

    def from_output(self, result):
        """Labels `[B, H, W]` or scores `[B, h, w, classes]` of a result.

        Args:
            result: NumPy; scores have the channels where the images have
                them, labels may have one channel.
        """
        if result.ndim != 4:
            return result
        if self.channels_first:
            result = result.transpose(0, 2, 3, 1)
        if result.dtype.kind in "iu" and result.shape[-1] == 1:
            return result[..., 0]
        return result


def only_input(names, kind):
    """The name of the one input, the images.

    Args:
        names: of all inputs.
        kind: of the program, for messages.

    Raises:
        ValueError: if there is not just one.
    """
    names = list(names)
    if len(names) != 1:
        raise ValueError(
            f"{kind} must have one input, the images, not "
            f"{', '.join(names) or 'none'}."
        )
    return names[0]


def choose_output(names, output, kind):
    """Index of the output to take.

    Args:
        names: of all outputs.
        output: the name that the user gave, or `None`.
        kind: of the program, for messages.

    Raises:
        ValueError: if there are several and none is chosen, or there is
            none of that name.
    """
    names = list(names)
    if output is None and len(names) == 1:
        return 0
    if output in names:
        return names.index(output)
    raise ValueError(
        f"{kind} has the outputs {', '.join(map(str, names))}: choose one by "
        f"output=, not {output!r}."
    )
