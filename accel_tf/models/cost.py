"""Counting multiply-additions of networks."""

import contextlib
import math
import threading

import keras

from accel_tf.layers import DeformableConv2D
from accel_tf.layers.depthwise_conv3d import DepthwiseConv3D
from accel_tf.models.dry_run import dry_run


def count_multiply_adds(network, *input_shapes):
    """Multiply-additions of the convolutions of a functional model.

    Args:
        network: a functional `keras.Model`.
        *input_shapes: of each input, e.g. `(1, 512, 1024, 3)`; no `None`.

    Returns:
        int, for the batch size of the shapes.
    """
    layers = [
        layer
        for layer in network.layers
        if isinstance(
            layer,
            keras.layers.Conv2D
            | keras.layers.Conv2DTranspose
            | keras.layers.DepthwiseConv2D
            | DeformableConv2D
            | DepthwiseConv3D,
        )
    ]
    # A transposed convolution works once for every *input* pixel.
    probes = keras.Model(
        network.inputs,
        [
            layer.input
            if isinstance(layer, keras.layers.Conv2DTranspose)
            else layer.output
            for layer in layers
        ],
    )
    shapes = probes.compute_output_shape(
        input_shapes[0] if len(input_shapes) == 1 else list(input_shapes)
    )
    if len(layers) == 1 and not isinstance(shapes[0], tuple | list):
        shapes = [shapes]
    return sum(
        math.prod(shape[:3]) * math.prod(layer.kernel.shape)
        for layer, shape in zip(layers, shapes, strict=True)
    )


def count_layers(function, *input_shapes):
    """Multiply-additions of all layers that a function calls.

    For networks of any kind: nothing is computed, but every call of a layer
    is seen with its shapes. Counts convolutions of all kinds, dense layers
    and the two products of attention; not what a layer multiplies by
    operations of its own, normalisation and activations.

    Args:
        function: of tensors.
        *input_shapes: of each, e.g. `(1, 512, 1024, 3)`; no `None`.

    Returns:
        int, for the batch size of the shapes.
    """
    total = 0

    def count(layer, inputs, kwargs, output):
        nonlocal total
        for kind, formula in _FORMULAS:
            if isinstance(layer, kind):
                shapes = [tuple(x.shape) for x in inputs]
                shapes += [
                    tuple(kwargs[name].shape)
                    for name in ("query", "value")
                    if name in kwargs
                ]
                total += formula(layer, shapes, tuple(output.shape))
                return

    with _calls_of_layers(count):
        dry_run(function, *input_shapes)
    return round(total)


@contextlib.contextmanager
def _calls_of_layers(report):
    """Inside, `report(layer, inputs, kwargs, output)` at every call."""
    call, thread = keras.layers.Layer.__call__, threading.get_ident()

    def reporting(layer, *args, **kwargs):
        output = call(layer, *args, **kwargs)
        if threading.get_ident() == thread:
            report(layer, args, kwargs, output)
        return output

    keras.layers.Layer.__call__ = reporting
    try:
        yield
    finally:
        keras.layers.Layer.__call__ = call


def _of_convolution(layer, inputs, output):
    return math.prod(output) * math.prod(layer.kernel.shape) / layer.filters


def _of_transposed(layer, inputs, output):
    channels = layer.kernel.shape[-1]
    return math.prod(inputs[0]) * math.prod(layer.kernel.shape) / channels


def _of_depthwise(layer, inputs, output):
    return math.prod(output) * math.prod(layer.kernel.shape[:-2])


def _of_separable(layer, inputs, output):
    kernels = (layer.depthwise_kernel, layer.pointwise_kernel)
    weights = sum(math.prod(kernel.shape) for kernel in kernels)
    return math.prod(output) / layer.filters * weights


def _of_dense(layer, inputs, output):
    return math.prod(output) * layer.kernel.shape[0]


def _of_einsum(layer, inputs, output):
    first, second = layer.equation.split("->")[0].split(",")
    shared = [
        size
        for letter, size in zip(second, layer.kernel.shape, strict=True)
        if letter in first
    ]
    values = math.prod(inputs[0]) * math.prod(layer.kernel.shape)
    return values / math.prod(shared)


def _of_attention(layer, inputs, output):
    # The layers that make queries, keys and values count by themselves.
    (batch, *queries, _), (_, *keys, _) = inputs[:2]
    dims = layer.key_dim + (layer.value_dim or layer.key_dim)
    pairs = math.prod(queries) * math.prod(keys)
    return batch * pairs * layer.num_heads * dims


# The first kind that fits counts: special ones before general ones.
_FORMULAS = (
    (
        keras.layers.Conv1DTranspose
        | keras.layers.Conv2DTranspose
        | keras.layers.Conv3DTranspose,
        _of_transposed,
    ),
    (
        keras.layers.SeparableConv1D | keras.layers.SeparableConv2D,
        _of_separable,
    ),
    (
        keras.layers.DepthwiseConv1D | keras.layers.DepthwiseConv2D,
        _of_depthwise,
    ),
    (
        keras.layers.Conv1D
        | keras.layers.Conv2D
        | keras.layers.Conv3D
        | DeformableConv2D,
        _of_convolution,
    ),
    (keras.layers.Dense, _of_dense),
    (keras.layers.EinsumDense, _of_einsum),
    (keras.layers.MultiHeadAttention, _of_attention),
)


def count_upsampling(scores_shape, stride):
    """The cost of the convolution that `upsample_scores` stands for."""
    return math.prod(scores_shape) * (2 * stride) ** 2


def count_warp(features_shape):
    """Of bilinear sampling: four products for every value."""
    return 4 * math.prod(features_shape)
