"""What a frame of a model is made of, for those who measure it."""

import collections.abc
import dataclasses


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of a model's step that can run by itself.

    Attributes:
        name: for tables.
        inputs: names of what `function` takes: `"frame"`, an entry of the
            state before the frame, or an output of a part before.
        outputs: names of what it returns; one tensor if there is one name,
            else a tuple.
        function: of tensors.
        multiply_adds: of one call; 0 for what is not counted.
        networks: Keras layers whose weights it reads.
    """

    name: str
    inputs: tuple
    outputs: tuple
    function: collections.abc.Callable
    multiply_adds: int = 0
    networks: tuple = ()


def run_parts(parts, values):
    """Runs parts one after the other.

    Args:
        parts: list of `Part`.
        values: dict of name -> tensor; gets the outputs too.
    """
    for part in parts:
        outputs = part.function(*(values[name] for name in part.inputs))
        if len(part.outputs) == 1:
            outputs = (outputs,)
        values.update(zip(part.outputs, outputs, strict=True))
