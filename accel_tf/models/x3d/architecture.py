"""Which network of X3D's kind official tensors are of, by their shapes."""

import collections
import re
import typing

_BLOCK = re.compile(r"s(\d+)\.pathway0_res(\d+)\.(.*)")
_UNIT = re.compile(r"branch2\.layers\.(\d+)\.a\.0\.weight")


class Architecture(typing.NamedTuple):
    """What tells the networks apart whose tensors are called alike.

    Attributes:
        blocks: of each stage.
        stem_filters: channels of the stem.
        inner_filters: channels within the blocks of the first stage.
        units: chained in each block; 0 where blocks hold no units.
    """

    blocks: tuple
    stem_filters: int
    inner_filters: int
    units: int = 0

    def __str__(self):
        text = f"{'-'.join(map(str, self.blocks))} blocks"
        if self.units:
            text += f" of {self.units} units"
        return f"{text}, width {self.stem_filters} and {self.inner_filters}"


NAMES = {}
"""`Architecture` -> the preset that has it; presets add theirs."""


def architecture_of(shapes):
    """The `Architecture` that official tensors are of.

    Args:
        shapes: dict of official name -> shape.

    Returns:
        `Architecture`, or `None` if they are of another kind of network.
    """
    blocks, units = collections.Counter(), set()
    for found in filter(None, map(_BLOCK.fullmatch, shapes)):
        stage, index, part = int(found[1]), int(found[2]), found[3]
        blocks[stage] = max(blocks[stage], index + 1)
        if unit := _UNIT.fullmatch(part):
            units.add(int(unit[1]))
    first = "s2.pathway0_res0.branch2."
    stem = shapes.get("s1.pathway0_stem.conv_xy.weight")
    inner = shapes.get(
        f"{first}layers.0.a.0.weight" if units else f"{first}a.weight"
    )
    if not stem or not inner:
        return None
    return Architecture(
        tuple(blocks[stage] for stage in sorted(blocks)),
        stem[0],
        inner[0],
        len(units),
    )
