"""The mean over the time of a clip and over windows of its features."""

import keras
from keras import ops

from accel_tf.layers.clip_time import current_time


@keras.saving.register_keras_serializable(package="accel_tf")
class ClipPooling(keras.layers.Layer):
    """The mean over time and over windows of rows and columns.

    Maps `[B * T, h, w, C]` to `[B, h - window + 1, w - window + 1, C]`, as of
    the clip's last frame.

    Args:
        window: features along a side, at least 1.
    """

    def __init__(self, window, **kwargs):
        super().__init__(**kwargs)
        self.window = window

    def call(self, x):
        x = ops.average_pool(x, self.window, strides=1, padding="valid")
        means = current_time().mean(x, self.name)[:, -1]
        return ops.cast(means, x.dtype)

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        sides = [
            side if side is None else side - self.window + 1 for side in sides
        ]
        return (batch, *sides, channels)

    def get_config(self):
        return {**super().get_config(), "window": self.window}
