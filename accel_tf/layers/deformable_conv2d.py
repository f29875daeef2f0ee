"""Deformable convolution as a Keras layer."""

import keras

from accel_tf.ops import deformable_conv2d


@keras.saving.register_keras_serializable(package="accel_tf")
class DeformableConv2D(keras.layers.Layer):
    """Convolution with displaced taps; called on `[inputs, offsets]`.

    The offsets come from a convolution of their own, so that checkpoints
    map to layers one to one. Stride 1, size-preserving. See
    `accel_tf.ops.deformable_conv2d` for the definition, the shapes and the
    border rule.

    Args:
        filters: output channels.
        kernel_size: one int for both axes.
        dilation_rate: distance of the taps in pixels.
        deformable_groups: groups of channels with offsets of their own.
        use_bias: whether a bias is added; the published models have none.
        kernel_initializer: of the kernel `[k, k, C, filters]`.
    """

    def __init__(
        self,
        filters,
        kernel_size=3,
        dilation_rate=1,
        deformable_groups=1,
        use_bias=False,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        # Offsets keep the precision that they come in.
        super().__init__(autocast=False, **kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.dilation_rate = dilation_rate
        self.deformable_groups = deformable_groups
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        inputs, _ = input_shape
        self.kernel = self.add_weight(
            name="kernel",
            shape=(
                self.kernel_size,
                self.kernel_size,
                inputs[-1],
                self.filters,
            ),
            initializer=self.kernel_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer="zeros"
            )

    def call(self, inputs):
        features, offsets = inputs
        features = keras.ops.cast(features, self.compute_dtype)
        kernel = keras.ops.cast(self.kernel, features.dtype)
        outputs = deformable_conv2d(
            features,
            offsets,
            kernel,
            dilation_rate=self.dilation_rate,
            deformable_groups=self.deformable_groups,
        )
        if self.use_bias:
            outputs = outputs + keras.ops.cast(self.bias, outputs.dtype)
        return outputs

    def compute_output_shape(self, input_shape):
        inputs, _ = input_shape
        return (*inputs[:-1], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "dilation_rate": self.dilation_rate,
            "deformable_groups": self.deformable_groups,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
        }
