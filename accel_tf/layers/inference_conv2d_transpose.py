"""Transposed convolution as TensorFlow does it best with final weights."""

import functools

import keras

from accel_tf.layers.inference_conv2d import final_tensor


class InferenceConv2DTranspose(keras.layers.Conv2DTranspose):
    """`Conv2DTranspose` whose weights no longer change; for inference only.

    Where its kernel is twice as wide as its stride (up-sampling, that is),
    every output sees 2x2 inputs: within a TensorFlow program it is a 2x2
    convolution to the outputs around a corner of four inputs, whose kernel
    is final (see `InferenceConv2D`). oneDNN brings the kernel of a
    transposed convolution into its own order at every call.
    """

    def call(self, inputs):
        (stride, _), around = self.strides, (1, 1)
        kernel = None
        if self._upsamples():
            kernel = final_tensor(
                self.kernel,
                inputs.dtype,
                functools.partial(_corner_kernel, stride=stride),
            )
        if kernel is None:
            return super().call(inputs)
        import tensorflow as tf

        x = tf.nn.conv2d(
            inputs,
            kernel,
            strides=1,
            padding=((0, 0), around, around, (0, 0)),
        )
        x = tf.nn.depth_to_space(x, stride)
        crop = slice(stride // 2, -(stride // 2))
        x = x[:, crop, crop]
        if self.use_bias:
            x = tf.nn.bias_add(x, tf.cast(self.bias, x.dtype))
        return self.activation(x)

    def _upsamples(self):
        stride, _ = self.strides
        return (
            self.strides == (stride, stride)
            and stride % 2 == 0
            and self.kernel_size == (2 * stride, 2 * stride)
            and self.padding == "same"
            and self.output_padding is None
            and self.dilation_rate == (1, 1)
            and self.data_format == "channels_last"
        )


def _corner_kernel(kernel, stride):
    """`[2s, 2s, filters, C]` to `[2, 2, C, s * s * filters]`.

    The two taps of a place between two corners are `s` apart; the nearer
    an input is, the smaller the tap: hence the reversal.
    """
    filters, channels = kernel.shape[2:]
    kernel = kernel.reshape(2, stride, 2, stride, filters, channels)
    kernel = kernel[::-1, :, ::-1].transpose(0, 2, 5, 1, 3, 4)
    return kernel.reshape(2, 2, channels, -1)
