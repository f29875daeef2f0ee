"""Batch normalisation with fixed statistics, folded into convolutions."""

import types

import keras
import numpy as np

from accel_tf.layers.blocks import network_scope
from accel_tf.layers.depthwise_conv3d import DepthwiseConv3D
from accel_tf.layers.graphs import flat, makers_and_uses
from accel_tf.layers.inference_conv2d import InferenceConv2D
from accel_tf.layers.inference_conv2d_transpose import (
    InferenceConv2DTranspose,
)
from accel_tf.layers.inference_depthwise_conv2d import (
    InferenceDepthwiseConv2D,
)
from accel_tf.layers.inference_depthwise_conv3d import (
    InferenceDepthwiseConv3D,
)
from accel_tf.layers.inference_normalization import InferenceNormalization
from accel_tf.layers.inference_precision import (
    CONVOLUTIONS,
    NetworkPrecision,
)
from accel_tf.layers.initial_values import with_zeros_for_random_values
from accel_tf.layers.unbiased_batch_normalization import (
    UnbiasedBatchNormalization,
)

_FOR_INFERENCE = {
    keras.layers.BatchNormalization: InferenceNormalization,
    UnbiasedBatchNormalization: InferenceNormalization,
    keras.layers.Conv2D: InferenceConv2D,
    keras.layers.Conv2DTranspose: InferenceConv2DTranspose,
    keras.layers.DepthwiseConv2D: InferenceDepthwiseConv2D,
    DepthwiseConv3D: InferenceDepthwiseConv3D,
}
_ONLY_IN_TRAINING = (keras.layers.Dropout, keras.layers.SpatialDropout2D)


class FoldedNetwork(keras.Model):
    """A functional model that was folded, with what else the network told.

    Has the constructor's arguments of a `Network` as attributes, and those
    attributes and methods of its class by which segmenters know it.
    """

    _ATTRIBUTES = ("output_stride", "observed_stride", "runs_on_host")
    _METHODS = ("multiply_adds", "observe", "observed_shape")

    def describe(self, network):
        """Takes over what `network` says of itself."""
        arguments = getattr(network, "arguments", ())
        for name in (*arguments, *self._ATTRIBUTES):
            if hasattr(network, name):
                setattr(self, name, getattr(network, name))
        for name in self._METHODS:
            method = getattr(type(network), name, None)
            if method is not None:
                setattr(self, name, types.MethodType(method, self))
        return self


def fold_batch_normalization(network, gives_features=False):
    """A network with the same outputs in inference and fewer operations.

    Every batch normalisation that directly follows a convolution (also a
    transposed, a depthwise or a deformable one) becomes a part of its kernel
    and bias, unless something else sees what is between the two; of any
    other, one factor and one summand are left, with a ReLU that directly
    follows. Dropout goes. All other layers are copied under their names, with
    their weights. Computed in float64. Inside of
    `inference_precision("bfloat16")` its convolutions take and give that
    type; see `NetworkPrecision`.

    Args:
        network: a functional model; each layer is called once in it. It is
            left as it is.
        gives_features: whether its outputs are features, which other
            convolutions look at, and not scores or flow.

    Returns:
        A `FoldedNetwork` of the same inputs, outputs and name. Later changes
        of the weights of `network` do not reach it.
    """
    folded = _normalizations_after_convolutions(network)
    gone = {id(normalization) for normalization in folded.values()}
    gone |= {id(x) for x in network.layers if isinstance(x, _ONLY_IN_TRAINING)}
    paddings = _paddings_of_convolutions(network)
    gone |= {id(padding) for padding in paddings.values()}
    rectified = _relus_after_normalizations(network, folded)
    gone |= {id(relu) for relu in rectified.values()}
    originals = {}
    precision = NetworkPrecision(network, gives_features)

    def clone(operation):
        if id(operation) in gone:
            return operation  # never called
        config = with_zeros_for_random_values(operation.get_config())
        if isinstance(operation, keras.Layer):
            config["dtype"] = precision.policy(operation)
        if id(operation) in folded:
            config["use_bias"] = True
        if id(operation) in paddings:
            config["zeros"] = paddings[id(operation)].padding
        kind = _FOR_INFERENCE.get(type(operation), type(operation))
        if kind is InferenceNormalization:
            copy = kind(
                relu=id(operation) in rectified,
                name=operation.name,
                dtype=config["dtype"],
            )
        else:
            copy = kind.from_config(config)
        originals[id(copy)] = operation
        return copy

    def call(operation, *args, **kwargs):
        if id(operation) in gone:
            return args[0]
        if isinstance(operation, InferenceNormalization):
            kwargs = {}  # `mask`, and whether it is training
        original = originals[id(operation)]
        if not isinstance(operation, keras.Layer):
            return precision.call(original, operation, *args, **kwargs)
        outputs = operation(*args, **kwargs)
        if id(original) in folded:
            weights = fold_weights(original, folded[id(original)])
            operation.set_weights(weights)
        elif isinstance(operation, InferenceNormalization):
            operation.set_weights(_scale_and_offset(original))
        else:
            operation.set_weights(original.get_weights())
        return outputs

    with network_scope(network.name, network.dtype_policy):
        copy = keras.models.clone_model(
            network,
            precision.inputs(),
            clone_function=clone,
            call_function=call,
        )
        return FoldedNetwork(
            copy.input, copy.output, name=network.name
        ).describe(network)


def fold_weights(convolution, normalization):
    """Kernel and bias of a convolution with the normalisation after it.

    Args:
        convolution: built layer.
        normalization: built `BatchNormalization` of its output channels.

    Returns:
        `[kernel, bias]`, float32 arrays.
    """
    scale, bias = _scale_and_offset(normalization)
    if convolution.use_bias:
        bias = bias + _float64(convolution.bias) * scale
    factors = scale
    if isinstance(convolution, keras.layers.Conv2DTranspose):
        factors = scale[:, None]  # kernel [k, k, filters, channels]
    elif isinstance(convolution, keras.layers.DepthwiseConv2D):
        # Kernel [k, k, channels, multiplier], outputs in this order.
        factors = scale.reshape(convolution.kernel.shape[2:])
    kernel = _float64(convolution.kernel) * factors
    return [kernel.astype("float32"), bias.astype("float32")]


def _scale_and_offset(normalization):
    """What its inputs are multiplied by, and what is added then."""
    mean, variance = (
        _float64(x)
        for x in (normalization.moving_mean, normalization.moving_variance)
    )
    scale = 1.0 / np.sqrt(variance + normalization.epsilon)
    if normalization.scale:
        scale = scale * _float64(normalization.gamma)
    offset = -mean * scale
    if normalization.center:
        offset = offset + _float64(normalization.beta)
    return scale, offset


def _normalizations_after_convolutions(network):
    """Which are folded into which: the convolution's id -> normalisation."""
    return {
        id(maker): layer
        for maker, layer in _only_users(
            network, keras.layers.BatchNormalization
        )
        if isinstance(maker, CONVOLUTIONS) and _is_linear(maker)
    }


def _relus_after_normalizations(network, folded):
    """Which rectify what: the normalisation's id -> the only ReLU after it."""
    in_convolutions = {id(normalization) for normalization in folded.values()}
    return {
        id(maker): layer
        for maker, layer in _only_users(network, keras.layers.ReLU)
        if isinstance(maker, keras.layers.BatchNormalization)
        and id(maker) not in in_convolutions
        and layer.max_value is None
        and not layer.negative_slope
        and not layer.threshold
    }


def _paddings_of_convolutions(network):
    """Which zeros a depthwise convolution adds by itself.

    Returns:
        dict of the convolution's id -> `ZeroPadding2D` that only it follows.
    """
    return {
        id(layer): maker
        for maker, layer in _only_users(network, keras.layers.DepthwiseConv2D)
        if type(layer) is keras.layers.DepthwiseConv2D
        and type(maker) is keras.layers.ZeroPadding2D
        and maker.data_format == layer.data_format == "channels_last"
        and layer.padding == "valid"
    }


def _only_users(network, kind):
    """Layers of a kind that alone see what another operation gives.

    Returns:
        list of `(maker, layer)`: who gives the layer's only input, and it.
    """
    makers, uses = makers_and_uses(network)
    pairs = []
    for layer in network.layers:
        if isinstance(layer, kind):
            (x,) = flat(layer.input)
            if uses[id(x)] == 1:
                pairs.append((makers[id(x)], layer))
    return pairs


def _is_linear(convolution):
    # A deformable convolution has no activation at all.
    activation = getattr(convolution, "activation", None)
    return activation in (None, keras.activations.linear)


def _float64(variable):
    return variable.numpy().astype("float64")
