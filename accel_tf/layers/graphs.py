"""What functional models are made of."""

import collections

import keras


def makers_and_uses(network):
    """Of each tensor's id: the operation, and how often it is used.

    Args:
        network: a functional model.

    Returns:
        `(makers, uses)`: dict of id -> operation, and `collections.Counter`
        of ids, where an output of the network counts once.
    """
    makers, uses = {}, collections.Counter(id(x) for x in network.outputs)
    for operation in network.operations:
        makers.update((id(x), operation) for x in flat(operation.output))
        uses.update(id(x) for x in flat(operation.input))
    return makers, uses


def flat(tensors):
    """A list of all tensors of a structure."""
    return keras.tree.flatten(tensors)
