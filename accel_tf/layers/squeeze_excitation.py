"""Channels weighted by what a whole clip shows."""

import keras
from keras import ops

from accel_tf.layers.clip_time import current_time, fold


@keras.saving.register_keras_serializable(package="accel_tf")
class SqueezeExcitation(keras.layers.Layer):
    """Squeeze-and-excitation over time, rows and columns.

    SENet (CVPR 2018) as X3D has it: the mean of a channel over the clip, two
    dense layers with a ReLU between them, and a sigmoid, which multiplies
    the channel. Keeps the shape `[B * T, h, w, C]`.

    Args:
        width: outputs of the first dense layer.
    """

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width

    def build(self, input_shape):
        channels = input_shape[-1]
        self.squeeze_kernel, self.squeeze_bias = self._dense(
            "squeeze", channels, self.width
        )
        self.excite_kernel, self.excite_bias = self._dense(
            "excite", self.width, channels
        )
        self.built = True

    def _dense(self, name, inputs, outputs):
        kernel = self.add_weight(
            name=f"{name}_kernel",
            shape=(inputs, outputs),
            initializer=keras.initializers.VarianceScaling(
                2.0, "fan_out", "untruncated_normal"
            ),
        )
        bias = self.add_weight(
            name=f"{name}_bias", shape=(outputs,), initializer="zeros"
        )
        return kernel, bias

    def call(self, x):
        time = current_time()
        means = time.mean(ops.mean(x, axis=(1, 2)), self.name)
        hidden = ops.relu(
            ops.matmul(ops.cast(means, x.dtype), self.squeeze_kernel)
            + self.squeeze_bias
        )
        factors = ops.sigmoid(
            ops.matmul(hidden, self.excite_kernel) + self.excite_bias
        )
        return fold(time.unfold(x) * factors[:, :, None, None])

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "width": self.width}


def squeeze_width(channels, ratio=0.0625, divisor=8):
    """The width that X3D gives to a layer of `channels`.

    A multiple of the divisor next to `ratio` of the channels, and no less
    than nine tenths of it.
    """
    wanted = channels * ratio
    width = max(divisor, int(wanted + divisor / 2) // divisor * divisor)
    return width + divisor if width < 0.9 * wanted else width
