"""Batch normalisation as TensorFlow does it best with final weights."""

import keras
from keras import ops

from accel_tf.layers.inference_conv2d import final_value
from accel_tf.ops.kernels import compiles_with_xla


class InferenceNormalization(keras.layers.Layer):
    """`BatchNormalization` with final statistics; for inference only.

    A factor and a summand for each channel. Within a TensorFlow program
    they are a 1x1 depthwise convolution, into which TensorFlow also takes
    the ReLU: the map is read and written once.

    Of a map in fewer bits both are float32 and only the result is rounded:
    often it is the small difference of two numbers. XLA does it at once.

    Args:
        relu: whether a ReLU follows.
    """

    def __init__(self, relu=False, **kwargs):
        super().__init__(**kwargs)
        self.relu = relu

    def build(self, input_shape):
        self.scale = self._weight("scale", "ones", input_shape[-1:])
        self.offset = self._weight("offset", "zeros", input_shape[-1:])

    def _weight(self, name, initializer, shape):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            dtype="float32",
            autocast=False,
        )

    def call(self, inputs):
        value = final_value(self.scale)
        if self.compute_dtype != "float32":
            scaled = _scaled
            if value is not None and compiles_with_xla():
                import tensorflow as tf

                scaled = tf.function(scaled, jit_compile=True, autograph=False)
            return scaled(
                inputs, self.scale.value, self.offset.value, self.relu
            )
        if value is None or len(inputs.shape) != 4:
            return _scaled(inputs, self.scale, self.offset, self.relu)
        import tensorflow as tf

        kernel = tf.constant(value[None, None, :, None], inputs.dtype)
        x = tf.nn.depthwise_conv2d(inputs, kernel, (1, 1, 1, 1), "VALID")
        x = tf.nn.bias_add(x, self.offset.value)
        return tf.nn.relu(x) if self.relu else x

    def compute_output_shape(self, input_shape):
        return input_shape


def _scaled(inputs, scale, offset, relu):
    outputs = ops.cast(inputs, "float32") * scale + offset
    if relu:
        outputs = ops.relu(outputs)
    return ops.cast(outputs, inputs.dtype)
