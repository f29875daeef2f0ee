"""Depthwise convolution as TensorFlow does it best with final weights."""

import keras

from accel_tf.layers.inference_conv2d import final_value


class InferenceDepthwiseConv2D(keras.layers.DepthwiseConv2D):
    """`DepthwiseConv2D` whose weights no longer change; for inference only.

    Within a TensorFlow program the kernel is a constant. Keras cuts the map
    of a dilated convolution into interleaved grids and puts them together
    again, which takes more than twice as long on a processor as TensorFlow's
    operation, which dilates by itself (but does not differentiate).
    """

    def call(self, inputs):
        if not self._is_plain():
            return super().call(inputs)
        import tensorflow as tf

        value = final_value(self.kernel)
        kernel = self.kernel.value if value is None else tf.constant(value)
        outputs = tf.raw_ops.DepthwiseConv2dNative(
            input=inputs,
            filter=tf.cast(kernel, inputs.dtype),
            strides=(1, *self.strides, 1),
            padding=self.padding.upper(),
            dilations=(1, *self.dilation_rate, 1),
        )
        if self.use_bias:
            outputs = tf.nn.bias_add(
                outputs, tf.cast(self.bias.value, inputs.dtype)
            )
        return self.activation(outputs)

    def _is_plain(self):
        """Whether TensorFlow's operation is at hand and does it all."""
        if keras.backend.backend() != "tensorflow":
            return False
        import tensorflow as tf

        # That of graphics cards does not dilate.
        return not tf.config.list_physical_devices("GPU")
