"""The layers of a program, as far as they can be computed in int8."""

import dataclasses

# About what it costs to write an element in float32 rather than int8, in
# multiply-adds: counts for layers that multiply little or nothing.
_PER_ELEMENT = 32


@dataclasses.dataclass(frozen=True)
class Layer:
    """An operation that a runtime may compute in int8.

    Attributes:
        name: of the operation in the program.
        kind: its type there, such as `"Convolution"`.
        multiply_adds: of one run; 0 for sums.
        elements: numbers that come out.
    """

    name: str
    kind: str
    multiply_adds: int
    elements: int

    @property
    def cost(self):
        """About what float32 costs more than int8, in multiply-adds."""
        return self.multiply_adds + _PER_ELEMENT * self.elements


def carries_products(names, inputs):
    """Which operations sum up, or are, convolutions or matrix products.

    Programs move features, too: they look for positions along the optical
    flow or a deformable convolution's offsets, gather samples there, weight
    them by how far they are and add them up. That is no faster in int8, which
    only blurs it.

    Args:
        names: of all operations, each after those whose values it takes.
        inputs: function of a name that gives `(role, names)`: `"product"`,
            `"source"` for inputs, positions and samples, `"weighted"` for one
            value times another, number by number, or `"other"`; and the
            names of the operations whose values it takes, without constants.

    Returns:
        The set of the names of products, and of what is made of them alone
        by operations number by number.
    """
    found = set()
    for name in names:
        role, before = inputs(name)
        if role == "product":
            found.add(name)
        elif role != "source" and before:
            gather = all if role == "weighted" else any
            if gather(each in found for each in before):
                found.add(name)
    return found
