"""What the networks of X3D's family are built of, frame by frame."""

from keras import layers

from accel_tf.layers.blocks import initializer, relu
from accel_tf.layers.depthwise_conv3d import DepthwiseConv3D, depthwise_normal

FAN_OUT = initializer(
    "VarianceScaling",
    scale=2.0,
    mode="fan_out",
    distribution="untruncated_normal",
)


def pointwise(x, filters, name, strides=1):
    """A 1x1 convolution without bias."""
    if strides > 1:
        # The same pixels, picked beforehand, as in `blocks.conv2d`.
        x = layers.MaxPooling2D(1, strides, name=f"{name}_subsample")(x)
    return layers.Conv2D(
        filters, 1, use_bias=False, kernel_initializer=FAN_OUT, name=name
    )(x)


def spatial_depthwise(x, name, strides=1):
    """A 3x3 depthwise convolution without bias, one zero on every side."""
    if strides > 1:
        x = layers.ZeroPadding2D(1, name=f"{name}_padding")(x)
    return layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="valid" if strides > 1 else "same",
        use_bias=False,
        depthwise_initializer=depthwise_normal((3, 3), x.shape[-1]),
        name=name,
    )(x)


def normalize(x, name, gamma="ones"):
    return layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, gamma_initializer=gamma, name=name
    )(x)


def swish(x, name):
    return layers.Activation("silu", name=name)(x)


def stem(x, filters, name):
    """3x3 within frames with stride 2, then over five frames; ReLU."""
    x = layers.ZeroPadding2D(1, name=f"{name}_conv_xy_padding")(x)
    x = layers.Conv2D(
        filters,
        3,
        strides=2,
        use_bias=False,
        kernel_initializer=FAN_OUT,
        name=f"{name}_conv_xy",
    )(x)
    x = DepthwiseConv3D((5, 1, 1), name=f"{name}_conv")(x)
    return relu(normalize(x, f"{name}_bn"), f"{name}_relu")


def residual(x, branch, filters, strides, name):
    """The sum of a block's branch and its shortcut; ReLU.

    The shortcut is a normalised 1x1 convolution where the branch has other
    channels or another size than `x`, else `x`.
    """
    if strides > 1 or x.shape[-1] != filters:
        x = pointwise(x, filters, f"{name}_branch1", strides)
        x = normalize(x, f"{name}_branch1_bn")
    return relu(layers.Add(name=f"{name}_sum")([x, branch]), f"{name}_relu")
