"""Attention without a softmax, whose cost is linear in the pixels."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="accel_tf")
class LinearAttention(keras.layers.Layer):
    """Fast attention on `[queries, keys, values]`, maps of one size.

    Real-time Semantic Segmentation with Fast Attention (RA-L 2020): with
    queries and keys of length one, `q (k^T v)` replaces the softmax. The
    published TD2-FA18 does not divide by the number of pixels, so the sums
    can exceed half precision: they are computed in float32.
    """

    def call(self, inputs):
        queries, keys, values = (ops.cast(x, "float32") for x in inputs)
        batch, height, width, channels = ops.shape(values)
        queries, keys, values = (
            ops.reshape(x, (batch, height * width, x.shape[-1]))
            for x in (_unit_length(queries), _unit_length(keys), values)
        )
        context = ops.matmul(ops.transpose(keys, (0, 2, 1)), values)
        x = ops.matmul(queries, context)
        x = ops.reshape(x, (batch, height, width, channels))
        return ops.cast(x, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape[2]


def _unit_length(x):
    square = ops.sum(ops.square(x), axis=-1, keepdims=True)
    return x * ops.rsqrt(ops.maximum(square, 1e-24))
