"""Maximum with padding that is not the same on both sides."""

import keras
from keras import ops

from accel_tf.ops.kernels import program_kind


@keras.saving.register_keras_serializable(package="accel_tf")
class PaddedMaxPooling(keras.layers.Layer):
    """3x3 stride-2 maximum of `[B, H, W, C]`.

    Args:
        padding: rows and columns added at (the start, the end) of both
            axes. `(0, 1)` is "full" (ceil) pooling without padding,
            `(1, 1)` padding by one.
        signed: whether values can be negative. Where none is, zeros are
            added: being the least value there is, they never win unduly.
    """

    def __init__(self, padding, signed=False, **kwargs):
        super().__init__(**kwargs)
        self.padding = tuple(padding)
        self.signed = signed

    def call(self, inputs):
        padding = ((0, 0), self.padding, self.padding, (0, 0))
        if program_kind() == "tensorflow":
            import tensorflow as tf

            # No copy with the padding is made. Of the two that TensorFlow
            # knows, only its own padding is left to oneDNN.
            sizes = inputs.shape[1:3]
            is_same = self.padding == (0, 1) and all(
                size is not None and size % 2 == 0 for size in sizes
            )
            return tf.nn.max_pool2d(
                inputs, 3, strides=2, padding="SAME" if is_same else padding
            )
        least = -float("inf") if self.signed else 0.0
        x = ops.pad(inputs, padding, constant_values=least)
        return ops.max_pool(x, 3, strides=2, padding="valid")

    def compute_output_shape(self, input_shape):
        batch, *sizes, channels = input_shape
        sizes = (
            None if size is None else (size + sum(self.padding) - 3) // 2 + 1
            for size in sizes
        )
        return (batch, *sizes, channels)

    def get_config(self):
        return {
            **super().get_config(),
            "padding": self.padding,
            "signed": self.signed,
        }
