"""How tensors of an official checkpoint map to a model's variables."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from accel_tf.layers import DeformableConv2D


@dataclasses.dataclass(frozen=True)
class CheckpointEntry:
    """One tensor of a checkpoint.

    Attributes:
        names: official names; the first that a file has is taken.
        shape: of the tensor in the checkpoint.
        variable: the Keras variable it belongs to, or `None` for a constant
            that the model has built in.
        convert: from the checkpoint's layout to the variable's; arrays.
        constant: what a tensor without variable must be, if it is there.
        assign: takes the tensor instead of the variable, and takes it in any
            size of as many dimensions.
    """

    names: tuple[str, ...]
    shape: tuple[int, ...]
    variable: Any = None
    convert: Callable[[np.ndarray], np.ndarray] = lambda array: array
    constant: np.ndarray | None = None
    assign: Callable[[np.ndarray], None] | None = None

    def fits(self, shape):
        """Whether a tensor of this shape can be loaded."""
        if self.assign is not None:
            return len(shape) == len(self.shape)
        return tuple(shape) == self.shape


def mxnet_layer_entries(layer, *names):
    """The entries of one layer under MXNet's naming and layouts.

    Args:
        layer: a built convolution or batch normalisation.
        *names: accepted names of the MXNet node, without suffix.

    Returns:
        list of `CheckpointEntry`.
    """

    def entry(suffix, variable, convert=lambda array: array):
        shape = tuple(variable.shape)
        if len(shape) == 4:
            # (kh, kw, in, out) and (out, in, kh, kw); for transposed
            # convolutions (kh, kw, out, in) and (in, out, kh, kw).
            shape = (shape[3], shape[2], shape[0], shape[1])
        return CheckpointEntry(
            tuple(f"{name}_{suffix}" for name in names),
            shape,
            variable,
            convert,
        )

    if isinstance(layer, keras.layers.BatchNormalization):
        # `scale=False` stands for MXNet's fix_gamma: a stored gamma has no
        # effect there.
        variables = {
            "gamma": layer.gamma if layer.scale else None,
            "beta": layer.beta,
            "moving_mean": layer.moving_mean,
            "moving_var": layer.moving_variance,
        }
        return [
            entry(suffix, variable)
            for suffix, variable in variables.items()
            if variable is not None
        ]
    convolutions = (
        keras.layers.Conv2D | keras.layers.Conv2DTranspose | DeformableConv2D
    )
    if not isinstance(layer, convolutions):
        raise TypeError(f"no MXNet layout for a layer {type(layer).__name__}.")
    entries = [entry("weight", layer.kernel, lambda a: a.transpose(2, 3, 1, 0))]
    if getattr(layer, "bias", None) is not None:
        entries.append(entry("bias", layer.bias))
    return entries


def torch_layer_entries(layer, name):
    """The entries of one layer under PyTorch's naming and layouts.

    Args:
        layer: a built convolution or batch normalisation.
        name: of the PyTorch module.

    Returns:
        list of `CheckpointEntry`.
    """
    variables = _named_variables(
        layer,
        ("weight", "bias", "running_mean", "running_var"),
        ("weight", "bias"),
        "PyTorch",
    )
    entries = []
    for suffix, variable in variables.items():
        shape, convert = tuple(variable.shape), lambda array: array
        if len(shape) == 4:
            # (kh, kw, in, out) and (out, in, kh, kw).
            shape = (shape[3], shape[2], shape[0], shape[1])
            convert = _kernel_from_torch
        entries.append(
            CheckpointEntry((f"{name}.{suffix}",), shape, variable, convert)
        )
    return entries


def tf_layer_entries(layer, *names):
    """The entries of one layer under TensorFlow 1's naming (`slim`).

    The layouts are Keras' own.

    Args:
        layer: a built convolution or batch normalisation.
        *names: accepted scopes of the layer; a batch normalisation has that
            of the convolution before it.

    Returns:
        list of `CheckpointEntry`.
    """
    is_depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    variables = _named_variables(
        layer,
        tuple(
            f"BatchNorm/{each}"
            for each in ("gamma", "beta", "moving_mean", "moving_variance")
        ),
        ("depthwise_weights" if is_depthwise else "weights", "biases"),
        "TensorFlow 1",
    )
    return [
        CheckpointEntry(
            tuple(f"{name}/{suffix}" for name in names),
            tuple(variable.shape),
            variable,
        )
        for suffix, variable in variables.items()
    ]


def _named_variables(layer, of_normalization, of_convolution, kind):
    """dict of the name in a kind of file -> variable of a layer."""
    if isinstance(layer, keras.layers.BatchNormalization):
        names = of_normalization
        variables = (
            layer.gamma,
            layer.beta,
            layer.moving_mean,
            layer.moving_variance,
        )
    elif isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
        names, variables = of_convolution, (layer.kernel, layer.bias)
    else:
        raise TypeError(f"no {kind} name for a layer {type(layer).__name__}.")
    return {
        name: variable
        for name, variable in zip(names, variables, strict=True)
        if variable is not None
    }


def _kernel_from_torch(array):
    return array.transpose(2, 3, 1, 0)
