"""Pyramid pooling, whole or the part of it that a sub-network sees."""

import keras

from accel_tf.layers import AdaptiveAveragePooling, ResizeLike
from accel_tf.layers.blocks import batch_norm, conv2d, network_scope, relu
from accel_tf.models.network import Network

BINS = (1, 2, 3, 6)


@keras.saving.register_keras_serializable(package="accel_tf")
class PyramidPooling(Network):
    """Features beside their averages over 1, 4, 9 and 36 regions.

    Pyramid Scene Parsing Network (CVPR 2017, section 3.2). Each grid of
    averages passes a 1x1 convolution to a quarter of the channels, batch
    normalisation and a ReLU and is resized to the map (corners aligned).

    TDNet (CVPR 2020, section 3.1) splits the result into `groups` of
    channels and gives each sub-network one: of the features and of every
    average the same share. All channels of the averages are convolved, as
    the weights say, but only the group's are resized; the convolutions
    work on 50 positions whatever the size of the map.

    Maps `[B, h, w, channels]` to `[B, h, w, 2 * channels / groups]`.

    Args:
        channels: of the features; a multiple of `4 * groups`.
        groups: in how many parts the channels are split.
        group: which part to give, from 0.
        dtype: dtype policy of the layers; `None` is Keras' default.

    Raises:
        ValueError: if `channels` cannot be split so.
    """

    arguments = ("channels", "groups", "group")

    def __init__(self, channels, groups=1, group=0, dtype=None, **kwargs):
        if channels % (4 * groups) or not 0 <= group < groups:
            raise ValueError(
                f"{channels} channels have no part {group} of {groups}: "
                "channels must be a multiple of 4 times the groups."
            )

        def part(x):
            size = x.shape[-1] // groups
            if groups == 1:
                return x
            return x[..., group * size : (group + 1) * size]

        with network_scope(kwargs.get("name"), dtype):
            features = keras.Input((None, None, channels), name="features")
            parts = [part(features)]
            for index, bins in enumerate(BINS):
                x = AdaptiveAveragePooling(bins, name=f"pool{bins}")(features)
                x = conv2d(x, channels // 4, 1, f"conv{index + 1}_0")
                x = part(relu(batch_norm(x, f"conv{index + 1}_1")))
                parts.append(ResizeLike(name=f"resize{bins}")([x, features]))
            x = keras.layers.Concatenate(name="pyramid")(parts)
            super().__init__(inputs=features, outputs=x, **kwargs)
        self.channels = channels
        self.groups = groups
        self.group = group
