"""Convolution in groups that every program format knows."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="accel_tf")
class GroupedConv2D(keras.layers.Conv2D):
    """`Conv2D` with `groups`, as one plain convolution for each group.

    Keras has TensorFlow's grouped convolution compiled by XLA on CPUs, and
    what XLA compiles can't be converted to other formats.
    """

    def convolution_op(self, inputs, kernel):
        if keras.backend.backend() != "tensorflow":
            return super().convolution_op(inputs, kernel)
        outputs = [
            ops.conv(
                part,
                part_of_kernel,
                strides=list(self.strides),
                padding=self.padding,
                dilation_rate=self.dilation_rate,
            )
            for part, part_of_kernel in zip(
                ops.split(inputs, self.groups, axis=-1),
                ops.split(kernel, self.groups, axis=-1),
                strict=True,
            )
        ]
        return ops.concatenate(outputs, axis=-1)
