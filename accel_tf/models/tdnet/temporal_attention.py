"""Attention from one frame to an earlier one."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="accel_tf")
class TemporalAttention(keras.layers.Layer):
    """Attention of one head on `[queries, keys, values]`.

    Attention Propagation Module of TDNet (CVPR 2020, section 3.2): the
    pixels of one frame look at those of another, at any stride; softmax of
    the scaled products, dropout, then a 1x1 convolution with bias and
    dropout. No position enters, and nothing is added to the result.

    Queries `[B, h, w, K]`, keys `[B, h', w', K]`, values `[B, h', w', V]`;
    gives `[B, h, w, V]`. The softmax is computed in float32.

    Args:
        filters: `V`.
        dropout: share of weights and of results that training drops.
    """

    def __init__(self, filters, dropout=0.1, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.dropout = dropout
        self.projection = keras.layers.Conv2D(
            filters, 1, kernel_initializer="lecun_normal", name="projection"
        )
        self.weight_dropout = keras.layers.Dropout(dropout)
        self.output_dropout = keras.layers.Dropout(dropout)
        with keras.name_scope(self.name):
            self.projection.build((None, None, None, filters))
        self.built = True

    def call(self, inputs, training=None):
        queries, keys, values = inputs
        batch, height, width, _ = ops.shape(queries)
        queries, keys, values = (_flat(x) for x in inputs)
        queries = queries / math.sqrt(keys.shape[-1])
        weights = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))
        weights = ops.softmax(ops.cast(weights, "float32"), axis=-1)
        weights = ops.cast(weights, values.dtype)
        weights = self.weight_dropout(weights, training=training)
        x = ops.matmul(weights, values)
        x = ops.reshape(x, (batch, height, width, self.filters))
        return self.output_dropout(self.projection(x), training=training)

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:3], self.filters)

    def multiply_adds(self, queries_shape, keys_shape):
        """The cost of the two products and the projection."""
        asking = math.prod(queries_shape[:3])
        asked = math.prod(keys_shape[1:3])
        products = asked * (queries_shape[3] + self.filters)
        return asking * (products + self.filters**2)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "dropout": self.dropout,
        }


def _flat(x):
    batch, height, width, channels = ops.shape(x)
    return ops.reshape(x, (batch, height * width, channels))
