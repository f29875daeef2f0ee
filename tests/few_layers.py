"""A segmenter with key frames, a state and weights, in four convolutions."""

import functools

import keras
from keras import ops
from small_models import CLASSES

import accel_tf


class FewLayers(accel_tf.VideoSegmenter):
    """Key frames and a state, in as few convolutions as that takes.

    Converters go layer by layer, and so does the quantizer.
    """

    uses_key_frames = True
    output_stride = 8

    def __init__(self, num_classes=CLASSES, **kwargs):
        super().__init__(num_classes, **kwargs)
        layer = functools.partial(keras.layers.Conv2D, padding="same")
        image = keras.Input((None, None, 3))
        x = layer(32, 5, 4, activation="relu")(image)
        self.on_key = keras.Model(image, layer(32, 3, 2)(x), name="on_key")
        x = layer(32, 5, 4, activation="relu")(image)
        self.on_others = keras.Model(image, layer(32, 3, 2)(x), name="others")
        self.head = keras.Sequential(
            [keras.Input((None, None, 32)), layer(num_classes, 1, name="score")]
        )

    def initial_state(self, batch_size, height, width):
        return {
            "features": ops.zeros((batch_size, height // 8, width // 8, 32))
        }

    def advance(self, frame, state, is_key, training=None):
        image = ops.cast(frame, "float32") / 64 - 2
        if is_key:
            return {"features": self.on_key(image)}
        return {"features": (state["features"] + self.on_others(image)) / 2}

    def score(self, frame, state, is_key, training=None):
        return self.head(ops.relu(state["features"])), None

    def multiply_adds(self, height, width):
        return {"key": height * width, "non_key": height * width}
