"""In which numbers the forms for inference compute."""

import contextlib
import contextvars

import keras

from accel_tf.layers.adaptive_average_pooling import AdaptiveAveragePooling
from accel_tf.layers.clip_pooling import ClipPooling
from accel_tf.layers.deformable_conv2d import DeformableConv2D
from accel_tf.layers.depthwise_conv3d import DepthwiseConv3D
from accel_tf.layers.graphs import flat, makers_and_uses
from accel_tf.layers.lucas_kanade import LucasKanadeStep
from accel_tf.layers.padded_max_pooling import PaddedMaxPooling
from accel_tf.layers.spatial_layer_normalization import (
    SpatialLayerNormalization,
)
from accel_tf.layers.weighted_neighbours import WeightedNeighbours

FLOAT32, BFLOAT16 = "float32", "bfloat16"
PRECISIONS = (FLOAT32, BFLOAT16)

CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.Conv2DTranspose,
    keras.layers.DepthwiseConv2D,
    DeformableConv2D,
    DepthwiseConv3D,
)
# Channels of two pictures, one after the other; a frame has half of them.
_OF_PICTURES = 6
# Of fewer channels, kernels wider than three are wrong in bfloat16 where
# oneDNN 3.7 multiplies tiles (AMX): 4x4 with stride 4 on 16 channels by as much
# as the outputs vary.
_CHANNELS_OF_WIDE_KERNELS = 32
# What often follows the first convolution, and costs less in float32 there.
_AFTER_THE_FIRST = (
    PaddedMaxPooling,
    keras.layers.BatchNormalization,
    keras.layers.LeakyReLU,
    keras.layers.MaxPooling2D,
    keras.layers.ReLU,
)
# What adds up many values, or says where something is.
_ALWAYS_FLOAT32 = (
    AdaptiveAveragePooling,
    ClipPooling,
    LucasKanadeStep,
    SpatialLayerNormalization,
    WeightedNeighbours,
    keras.layers.AveragePooling2D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.LayerNormalization,
    keras.layers.Softmax,
)
_SUMS = ("Mean", "Sum", "Softmax")

_precision = contextvars.ContextVar("inference_precision", default=FLOAT32)


@contextlib.contextmanager
def inference_precision(precision):
    """Forms for inference that are made inside compute so.

    Args:
        precision: one of `PRECISIONS`.
    """
    token = _precision.set(precision)
    try:
        yield
    finally:
        _precision.reset(token)


def current_precision():
    """The innermost `inference_precision`."""
    return _precision.get()


def policy_of_products(policy):
    """Of convolutions and matrix products of a form for inference.

    Args:
        policy: dtype policy of the layer that it is made of.
    """
    return policy if current_precision() == FLOAT32 else BFLOAT16


def is_wrong_in_bfloat16(layer):
    """Whether it is a convolution that some processors get wrong in bfloat16.

    Args:
        layer: built, or another operation of a network.
    """
    return (
        isinstance(layer, keras.layers.Conv2D)
        and layer.kernel_size[1] > 3
        and layer.kernel.shape[-2] < _CHANNELS_OF_WIDE_KERNELS
    )


class NetworkPrecision:
    """Which operations of a network stay float32 in a form for inference.

    In bfloat16 there are convolutions, and what comes between them. Float32
    is what decides, not only counts: scores and flow, which are the outputs
    of most networks, offsets of deformable convolutions and what
    `LucasKanadeStep` and `WeightedNeighbours` take, from the last convolution
    before it on; averages, sums and normalisation by statistics of the frame;
    and the first convolution of a frame, with the activation and the pooling
    after it. (bfloat16 has 8 significant bits: beyond 4 pixels those of a
    position are 1/32 apart, and an average of many values that are added in
    it is wrong by a fifth. A quarter to a third of the labels that change do
    so by the first convolution, which has a hundredth of the work, and
    channels too few for instructions that take products in pairs.)

    Args:
        network: a functional model.
        gives_features: whether its outputs are features, which other
            convolutions look at.
    """

    def __init__(self, network, gives_features=False):
        self.is_float32 = current_precision() == FLOAT32
        if self.is_float32:
            return
        self._makers, _ = makers_and_uses(network)
        self._network = network
        self._deciding = set()
        if not gives_features:
            self._decide(network.outputs)
        for layer in network.layers:
            if isinstance(layer, DeformableConv2D):
                self._decide(layer.input[1:])
            elif isinstance(layer, LucasKanadeStep | WeightedNeighbours):
                self._decide(flat(layer.input))

        first = _first_convolutions(network)
        for layer in first:
            self._deciding.add(id(layer))
            self._decide(flat(layer.input))
        self._deciding.update(map(id, _followers(network, first)))

    def _decide(self, tensors):
        """Marks what makes tensors, back to the convolutions before."""
        for tensor in tensors:
            maker = self._makers[id(tensor)]
            if id(maker) not in self._deciding:
                self._deciding.add(id(maker))
                if not isinstance(maker, CONVOLUTIONS):
                    self._decide(flat(maker.input))

    def stays(self, operation):
        """Whether an operation, a layer or not, computes in float32."""
        return (
            self.is_float32
            or id(operation) in self._deciding
            or is_wrong_in_bfloat16(operation)
            or (
                isinstance(operation, _ALWAYS_FLOAT32)
                and not _is_small(operation)
            )
        )

    def policy(self, layer):
        """The dtype policy of a layer's copy."""
        return layer.dtype_policy if self.stays(layer) else BFLOAT16

    def inputs(self):
        """Inputs for a copy of the network; `None` for those that it has.

        Those that only operations in bfloat16 see are so from the start.
        """
        if self.is_float32:
            return None
        readers = {}
        for operation in self._network.operations:
            for tensor in flat(operation.input):
                readers.setdefault(id(tensor), []).append(operation)

        def copied(x):
            all_low = not any(map(self.stays, readers.get(id(x), [None])))
            return keras.Input(
                batch_shape=x.shape,
                dtype=BFLOAT16 if all_low else x.dtype,
                name=x.name,
            )

        return keras.tree.map_structure(copied, self._network.input)

    def call(self, operation, copy, *args, **kwargs):
        """What a copy gives of an operation that is no layer."""
        is_sum = type(operation).__name__ in _SUMS
        if self.stays(operation) or not is_sum:
            return copy(*args, **kwargs)
        x, *others = args
        outputs = copy(keras.ops.cast(x, FLOAT32), *others, **kwargs)
        return keras.ops.cast(outputs, x.dtype)


def _first_convolutions(network):
    """The convolutions of frames, not of features."""
    features, found = set(), []
    for operation in network.operations:
        inputs = flat(operation.input)
        is_first = features.isdisjoint(map(id, inputs))
        if isinstance(operation, CONVOLUTIONS) or not is_first:
            features.update(map(id, flat(operation.output)))
        if (
            is_first
            and isinstance(operation, keras.layers.Conv2D)
            and inputs[0].shape[-1] <= _OF_PICTURES
        ):
            found.append(operation)
    return found


def _followers(network, convolutions):
    """What alone looks at the outputs of convolutions, and costs little.

    TensorFlow takes an activation into the convolution, if no cast is
    between them, and pooling leaves a quarter to be cast.
    """
    _, uses = makers_and_uses(network)
    seen, followers = {id(layer.output) for layer in convolutions}, []
    for operation in network.operations:
        if isinstance(operation, _AFTER_THE_FIRST) and all(
            id(x) in seen and uses[id(x)] == 1 for x in flat(operation.input)
        ):
            seen.update(map(id, flat(operation.output)))
            followers.append(operation)
    return followers


def _is_small(layer):
    """Whether it is the average of so few that their sum is exact enough."""
    return isinstance(layer, keras.layers.AveragePooling2D) and (
        max(layer.pool_size) <= 2
    )
