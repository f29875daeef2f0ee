"""Accel's fusion of two branches, told where the flow is to be trusted."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="accel_tf")
class TrustedFusion(keras.layers.Layer):
    """A 1x1 convolution of carried and current scores, weighed by trust.

    As in Accel (CVPR 2019, section 3.3), with one kernel for pixels whose
    flow is to be trusted and another one for the others; between them the
    two are mixed. It starts as the carried scores where there is trust and
    as the current ones where there is none.

    Called on `[carried, current, trust]`: scores `[B, h, w, classes]` twice
    and `[B, h, w, 1]`, 0..1; gives scores `[B, h, w, classes]`.

    Args:
        num_classes: of the scores.
    """

    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes
        self.kernel = self.add_weight(
            name="kernel",
            shape=(1, 1, 4 * num_classes, num_classes),
            initializer=carried_where_trusted,
        )
        self.bias = self.add_weight(
            name="bias", shape=(num_classes,), initializer="zeros"
        )
        self.built = True

    def call(self, inputs):
        carried, current, trust = (
            ops.cast(x, self.compute_dtype) for x in inputs
        )
        doubt = 1.0 - trust
        scores = ops.concatenate(
            [
                trust * carried,
                doubt * carried,
                trust * current,
                doubt * current,
            ],
            axis=-1,
        )
        return ops.conv(scores, self.kernel) + self.bias

    def multiply_adds(self, scores_shape):
        """Of one call, for scores of `[B, h, w, classes]`."""
        pixels = math.prod(scores_shape[:3])
        return pixels * math.prod(self.kernel.shape)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


def carried_where_trusted(shape, dtype=None):
    """Kernel `[1, 1, 4 C, C]`: trusted carried plus doubtful current."""
    identity = ops.eye(shape[-1], dtype=dtype)
    none = ops.zeros_like(identity)
    parts = [identity, none, none, identity]
    return ops.reshape(ops.concatenate(parts, axis=0), shape)
