"""Layers of Keras in programs for frames of any size."""

import contextlib
import threading

import keras
from keras import ops

from accel_tf.ops import resize_bilinear

_lock = threading.RLock()


@contextlib.contextmanager
def open_sizes(image):
    """Inside, bilinear `UpSampling2D` goes where the size is not known.

    Keras 3.15 compares the new size with zero, which TensorFlow refuses of
    numbers that only the program's run gives.

    Args:
        image: tensor `[B, H, W, C]`; nothing is done if its size is known.
    """
    if None not in tuple(image.shape[1:3]):
        yield
        return
    layer_class = keras.layers.UpSampling2D
    with _lock:
        call = layer_class.call
        layer_class.call = _dispatch(call)
        try:
            yield
        finally:
            layer_class.call = call


def _dispatch(call):
    def upsample(layer, inputs):
        if (
            layer.interpolation != "bilinear"
            or layer.data_format != "channels_last"
        ):
            return call(layer, inputs)
        sides = ops.shape(inputs)[1:3]
        size = [a * b for a, b in zip(sides, layer.size, strict=True)]
        return resize_bilinear(inputs, size)

    return upsample
