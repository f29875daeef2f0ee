"""Average pooling to a fixed number of bins."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="accel_tf")
class AdaptiveAveragePooling(keras.layers.Layer):
    """Averages a map of any size over a grid of bins.

    Bin `i` of `n` covers the rows `floor(i * H / n)` to
    `ceil((i + 1) * H / n)`, and columns likewise, so neighbouring bins share
    a row where `n` does not divide `H`; PyTorch's `AdaptiveAvgPool2d`.

    Args:
        bins: along both axes.
    """

    def __init__(self, bins, **kwargs):
        super().__init__(**kwargs)
        self.bins = bins

    def call(self, inputs):
        batch, height, width, channels = ops.shape(inputs)
        rows = self._matrix(height, inputs.dtype)
        columns = self._matrix(width, inputs.dtype)
        x = ops.reshape(inputs, (batch, height, width * channels))
        x = ops.matmul(rows, x)
        x = ops.reshape(x, (batch * self.bins, width, channels))
        x = ops.matmul(columns, x)
        return ops.reshape(x, (batch, self.bins, self.bins, channels))

    def _matrix(self, size, dtype):
        """`[bins, size]`: each bin's mean over the pixels."""
        index = ops.expand_dims(ops.arange(self.bins, dtype="int32"), 1)
        pixels = ops.arange(size, dtype="int32")
        first = (index * size) // self.bins
        end = ((index + 1) * size + self.bins - 1) // self.bins
        inside = ops.logical_and(pixels >= first, pixels < end)
        weights = ops.cast(inside, "float32") / ops.cast(end - first, "float32")
        return ops.cast(weights, dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.bins, self.bins, input_shape[3])

    def get_config(self):
        return {**super().get_config(), "bins": self.bins}
