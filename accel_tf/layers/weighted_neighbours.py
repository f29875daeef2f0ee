"""Averages with weights of every pixel's own."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="accel_tf")
class WeightedNeighbours(keras.layers.Layer):
    """Replaces values by averages of nine neighbours, by given weights.

    Smooths flow, but not across the edges of things: in the manner of the
    regularisation of LiteFlowNet (CVPR 2018, section 3.3).

    Called on `[values, logits]`, float `[B, H, W, C]` and `[B, H, W, 9]`,
    for the neighbours row by row, whose softmax gives the weights; gives
    `[B, H, W, C]`. Beyond the edge the nearest pixel counts.

    Args:
        dilation: distance between the neighbours, in pixels.
    """

    def __init__(self, dilation=1, **kwargs):
        super().__init__(**kwargs)
        self.dilation = dilation

    def call(self, inputs):
        values, logits = inputs
        height, width = ops.shape(values)[1:3]
        weights = ops.softmax(logits, axis=-1)
        padded, margin = values, [1, 1]
        # One by one: so every backend repeats the edge.
        for _ in range(self.dilation):
            padded = ops.pad(
                padded, [[0, 0], margin, margin, [0, 0]], mode="symmetric"
            )
        total = 0.0
        for index in range(9):
            y, x = (self.dilation * step for step in divmod(index, 3))
            neighbour = padded[:, y : y + height, x : x + width]
            total = total + neighbour * weights[..., index : index + 1]
        return total

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "dilation": self.dilation}
