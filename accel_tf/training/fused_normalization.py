"""Batch normalisation in one operation, for training on processors."""

import contextlib

import keras

from accel_tf.training.freezing import batch_normalizations


def fuse_normalization(model):
    """Makes batch normalisation train by TensorFlow's fused operation.

    Keras' own is a dozen operations, each of which goes through the memory;
    on a processor that is half the time of a small network's update, and
    more in bfloat16. The results are the same up to rounding, save that the
    moving variance gets the unbiased variance of the batch. Call it before
    `compile`; it is not saved with the model.

    Args:
        model: a `keras.Model`.

    Returns:
        The number of layers.

    Raises:
        ValueError: if the Keras backend is not TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "fused_normalization is of the TensorFlow backend, not of "
            f"{keras.backend.backend()}; leave it out"
        )
    normalizations = batch_normalizations(model)
    for layer in normalizations:
        _fuse(layer)
    return len(normalizations)


@contextlib.contextmanager
def fused_normalization(model):
    """`fuse_normalization` for a block in which a program is traced."""
    layers = batch_normalizations(model)
    before = [vars(layer).get("call") for layer in layers]
    fuse_normalization(model)
    try:
        yield
    finally:
        for layer, call in zip(layers, before, strict=True):
            if call is None:
                del layer.call
            else:
                layer.call = call


def _fuse(layer):
    import tensorflow as tf

    call = layer.call

    def fused_call(inputs, training=None, mask=None):
        if not training or not layer.trainable or len(inputs.shape) != 4:
            return call(inputs, training=training, mask=mask)
        channels = inputs.shape[-1:]
        result = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=layer.gamma.value if layer.scale else tf.ones(channels),
            offset=layer.beta.value if layer.center else tf.zeros(channels),
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=layer.epsilon,
            is_training=True,
        )
        _move(layer.moving_mean, result.batch_mean, layer.momentum)
        _move(layer.moving_variance, result.batch_variance, layer.momentum)
        return result.y

    layer.call = fused_call


def _move(variable, value, momentum):
    variable.assign(variable * momentum + value * (1 - momentum))
