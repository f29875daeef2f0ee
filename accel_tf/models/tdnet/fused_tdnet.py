"""TDNet for inference."""

import math

import keras
from keras import ops

from accel_tf.layers import SpatialLayerNormalization
from accel_tf.layers.folding import fold_batch_normalization
from accel_tf.layers.inference_precision import policy_of_products
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.pspnet.fused_pspnet import fuse_pyramid_pooling
from accel_tf.models.segmenter import fused_form
from accel_tf.models.tdnet.tdnet import TDNet
from accel_tf.models.tdnet.tdnet_step import TDNetStep
from accel_tf.models.tdnet.temporal_attention import TemporalAttention
from accel_tf.models.tdnet.temporal_path import TemporalPath


@fused_form.register(TDNet)
class FusedTDNet(FusedSegmenter, TDNetStep):
    """`TDNet` from folded networks; the state is that of `TDNet`.

    Args:
        model: a `TDNet`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.stride = model.stride
        self.warm_up = model.warm_up
        self.paths = [fuse_path(path) for path in model.paths]
        self.built = True


def fuse_path(path):
    """A `TemporalPath` like another, from folded networks.

    Args:
        path: a `TemporalPath`; left as it is.
    """
    pyramid = path.pyramid
    return TemporalPath(
        path.name,
        fold_batch_normalization(path.backbone, gives_features=True),
        None if pyramid is None else fuse_pyramid_pooling(pyramid),
        fold_batch_normalization(path.query),
        fold_batch_normalization(path.key),
        fold_batch_normalization(path.value, gives_features=True),
        [_copy(each, FusedTemporalAttention) for each in path.attentions],
        _copy(path.norm, SpatialLayerNormalization),
        fold_batch_normalization(path.head),
        dtype=path.dtype_policy,
    )


class FusedTemporalAttention(TemporalAttention):
    """`TemporalAttention` that projects what it gathers beforehand.

    The projection is linear and so are the weighted sums that it comes
    after; the buffered frame has `stride ** 2` times fewer pixels than the
    frame that asks. Only the bias comes after.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        policy = keras.dtype_policies.get(policy_of_products(self.dtype_policy))
        self.product_dtype = policy.compute_dtype

    def call(self, inputs, training=None):
        queries, keys, values = inputs
        batch, height, width, _ = ops.shape(queries)
        queries, keys, values = (_flat(x) for x in inputs)
        queries = queries / math.sqrt(keys.shape[-1])
        weights = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))
        weights = ops.softmax(ops.cast(weights, "float32"), axis=-1)
        weights, factors, kernel = (
            ops.cast(x, self.product_dtype)
            for x in (weights, values, self.projection.kernel[0, 0])
        )
        x = ops.matmul(weights, ops.matmul(factors, kernel))
        x, bias = (ops.cast(x, values.dtype) for x in (x, self.projection.bias))
        x = x + bias
        return ops.reshape(x, (batch, height, width, self.filters))

    def multiply_adds(self, queries_shape, keys_shape):
        """The cost of the two products and the projection."""
        asking = math.prod(queries_shape[:3])
        asked = math.prod(keys_shape[1:3])
        products = asking * asked * (queries_shape[3] + self.filters)
        return products + keys_shape[0] * asked * self.filters**2


def _copy(layer, kind):
    copy = kind.from_config(layer.get_config())
    copy.set_weights(layer.get_weights())
    return copy


def _flat(x):
    batch, height, width, channels = ops.shape(x)
    return ops.reshape(x, (batch, height * width, channels))
