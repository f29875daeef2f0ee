"""Layer normalisation over the pixels of each channel."""

import keras
from keras import ops

from accel_tf.ops import resize_bilinear


@keras.saving.register_keras_serializable(package="accel_tf")
class SpatialLayerNormalization(keras.layers.Layer):
    """Normalises each channel over height and width.

    Scale and offset belong to the pixel and are shared by all channels:
    PyTorch's `LayerNorm((H, W))` on `[B, C, H, W]`. Maps of another size
    than `size` are normalised with scale and offset resized to theirs:
    bilinear, corners staying in the corners, as TDNet resizes everything.
    Mean and variance are computed in float32 whatever the dtype policy.

    Args:
        size: `(height, width)` of scale and offset.
        epsilon: added to the variance.
    """

    def __init__(self, size, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.gamma = self._add_affine("gamma", size)
        self.beta = self._add_affine("beta", size)
        self.built = True

    def _add_affine(self, name, size):
        return self.add_weight(
            name=name,
            shape=tuple(size),
            initializer="ones" if name == "gamma" else "zeros",
            autocast=False,
        )

    @property
    def size(self):
        """`(height, width)` of scale and offset."""
        return tuple(self.gamma.shape)

    def assign_affine(self, name, value):
        """Gives the scale or the offset a value of any size.

        A value of another size takes the place of the variable: nothing is
        lost to resizing until a map is normalised. Programs that were
        compiled before (a `VideoStream` that has run) keep the old one.

        Args:
            name: `"gamma"` or `"beta"`.
            value: array `[height, width]`.
        """
        if tuple(value.shape) != tuple(getattr(self, name).shape):
            delattr(self, name)
            setattr(self, name, self._add_affine(name, value.shape))
        getattr(self, name).assign(value)

    def call(self, inputs):
        x = ops.cast(inputs, "float32")
        # Not `ops.moments`: on PyTorch it subtracts squares, whose rounding
        # error is large beside the variance of nearly constant channels.
        x = x - ops.mean(x, axis=(1, 2), keepdims=True)
        variance = ops.mean(ops.square(x), axis=(1, 2), keepdims=True)
        x = x * ops.rsqrt(variance + self.epsilon)
        x = x * _fitted(self.gamma, inputs) + _fitted(self.beta, inputs)
        return ops.cast(x, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "size": list(self.size),
            "epsilon": self.epsilon,
        }


def _fitted(affine, inputs):
    """`[1, height, width, 1]`, so that it applies to every channel."""
    own = tuple(affine.shape)
    image = ops.reshape(ops.cast(affine, "float32"), (1, *own, 1))
    if own == tuple(inputs.shape)[1:3]:
        return image
    return resize_bilinear(image, ops.shape(inputs)[1:3], align_corners=True)
