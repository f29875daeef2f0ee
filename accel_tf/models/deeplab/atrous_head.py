"""The head of DeepLabv3 and of DeepLabv3+."""

import functools

import keras

from accel_tf.layers import ResizeLike
from accel_tf.layers.blocks import relu
from accel_tf.layers.slim import convolution, normalize
from accel_tf.models.xception.xception import separable

# Names of layers that the form for inference takes apart.
POOLED, CONCATENATED = "image_pooling_resized", "concatenated"
PROJECTION = "concat_projection"
_FINE_FILTERS = 48


def atrous_head(
    channels,
    num_classes,
    name,
    *,
    filters=256,
    rates=(),
    fine_channels=None,
    dropout=0.0,
    epsilon=1.001e-5,
    momentum=0.9,
):
    """Atrous spatial pyramid pooling, and the decoder if there is a fine map.

    DeepLabv3 (2017, section 3.3) and DeepLabv3+ (ECCV 2018, section 3) as in
    `model.py` of the official repository: the average of the whole map, a
    1x1 convolution and a separable one for each rate are put side by side,
    in this order, and projected. The decoder resizes that (corners aligned)
    to a finer map, of which it sees 48 channels, and has two more separable
    convolutions.

    Args:
        channels: of the features.
        num_classes: of the scores.
        name: of the returned `keras.Model`.
        filters: of every convolution but the last.
        rates: dilations of the separable convolutions.
        fine_channels: of the finer map; `None` for no decoder.
        dropout: share of the projected values that training drops.
        epsilon: of the batch normalisation. TensorFlow 1 takes 1.001e-5 where
            the original says 1e-5.
        momentum: of its statistics.

    Returns:
        A model from `[B, h, w, channels]`, and with a decoder also
        `[B, h', w', fine_channels]`, to scores at the size of the last.
    """
    norm = functools.partial(normalize, epsilon=epsilon, momentum=momentum)

    def unit(x, filters, name):
        return relu(norm(convolution(x, filters, 1, name), name))

    def separable_unit(x, name, rate=1):
        return separable(x, filters, name, norm, True, dilation_rate=rate)

    with keras.name_scope(name):
        features = keras.Input((None, None, channels), name="features")
        inputs = features
        average = keras.layers.GlobalAveragePooling2D(keepdims=True)(features)
        average = unit(average, filters, "image_pooling")
        branches = [ResizeLike(name=POOLED)([average, features])]
        branches.append(unit(features, filters, "aspp0"))
        for index, rate in enumerate(rates, start=1):
            branches.append(separable_unit(features, f"aspp{index}", rate))
        x = keras.layers.Concatenate(name=CONCATENATED)(branches)
        x = unit(x, filters, PROJECTION)
        if dropout:
            x = keras.layers.Dropout(dropout, name="dropout")(x)
        if fine_channels is not None:
            fine = keras.Input((None, None, fine_channels), name="fine")
            inputs = [features, fine]
            own = unit(fine, _FINE_FILTERS, "decoder_feature_projection0")
            x = ResizeLike(name="decoder_resized")([x, own])
            x = keras.layers.Concatenate(name="decoder_concatenated")([x, own])
            x = separable_unit(x, "decoder_decoder_conv0")
            x = separable_unit(x, "decoder_decoder_conv1")
        scores = keras.layers.Conv2D(
            num_classes,
            1,
            kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.01),
            name="logits_semantic",
        )(x)
        return keras.Model(inputs, scores, name=name)
