"""A per-frame model in two: up to a layer, and from there on."""

import collections.abc
import dataclasses

import keras


@dataclasses.dataclass(frozen=True)
class Split:
    """What lies before and behind a place in a per-frame model.

    Attributes:
        features: function of a frame `[B, H, W, 3]` and `training` that
            gives features `[B, h, w, C]`.
        scores: function of features, the frame's `(height, width)` and
            `training` that gives scores at the model's native stride.
        stride: pixels of the frame per feature.
        shape: function of `(batch_size, height, width)` of frames that gives
            the features' shape.
        multiply_adds: function of `(height, width)` that counts what comes
            behind.
    """

    features: collections.abc.Callable
    scores: collections.abc.Callable
    stride: int
    shape: collections.abc.Callable
    multiply_adds: collections.abc.Callable


def split_network(network, name):
    """A functional network as two, which share its weights.

    Args:
        network: functional `keras.Model` of one input.
        name: of one of its layers, through whose output everything goes.

    Returns:
        `(first, second)`: `keras.Model`s from the input to that output and
        from there to the network's.

    Raises:
        ValueError: if there is no such layer, or something goes past it.
    """
    try:
        tensor = network.get_layer(name).output
    except (ValueError, AttributeError) as error:
        names = [layer.name for layer in getattr(network, "layers", ())]
        raise ValueError(
            f"{network.name} has no layer {name!r} to be split at; it has "
            f"{', '.join(names)}."
        ) from error
    try:
        if len(tensor.shape) != 4:
            raise ValueError(f"it gives {tuple(tensor.shape)}")
        first = keras.Model(network.input, tensor, name=f"{name}_and_before")
        second = keras.Model(tensor, network.output, name=f"behind_{name}")
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"{network.name} cannot be split at {name}: all that is behind a "
            "layer must come from its one output [B, h, w, C]."
        ) from error
    return first, second
