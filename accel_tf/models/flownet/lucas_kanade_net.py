"""A small flow network that searches, and learns only to judge."""

import keras
from keras import layers, ops

from accel_tf.layers.blocks import conv2d, network_scope
from accel_tf.layers.lucas_kanade import LucasKanadeStep
from accel_tf.layers.resize_like import ResizeLike
from accel_tf.layers.weighted_neighbours import WeightedNeighbours
from accel_tf.models.flownet.flow_network import FlowNetwork

SLOPE = 0.1


@keras.saving.register_keras_serializable(package="accel_tf")
class LucasKanadeNet(FlowNetwork):
    """Coarse-to-fine search for the flow, corrected by convolutions.

    Small networks need long training to learn what it means that two images
    match. This one need not: from stride 32 to stride 4, a step of Lucas and
    Kanade (IJCAI 1981) improves the flow on brightness alone, which already
    carries labels well. A few convolutions, which also see the current
    frame, then say from which neighbours each pixel takes its flow, where
    there is no texture and at the edges of things. At the coarse strides they
    also change it. At stride 4 they must not: their small errors would be
    the same on every frame, and add up along a video.

    Called on `[current, previous]`, both `flow_image` of a frame,
    `[B, ceil(H / 2), ceil(W / 2), 3]`. Gives `[B, ceil(H / 4), ceil(W / 4),
    2]`, (dx, dy) in pixels of stride 4: where in `previous` the content of a
    pixel of `current` was.

    Args:
        filters: channels of the features of the current frame, from stride 4
            on, as many as there are strides.
        decoder_filters: channels of the two convolutions of every stride, as
            many, from stride 4 on.
        dtype: dtype policy of the layers; `None` is Keras' default.

    Raises:
        ValueError: if there are not as many numbers in both.
    """

    arguments = ("filters", "decoder_filters")
    output_stride = 4

    def __init__(
        self,
        filters=(12, 20, 24, 24),
        decoder_filters=(16, 24, 24, 24),
        dtype=None,
        **kwargs,
    ):
        if len(filters) != len(decoder_filters):
            raise ValueError(
                "filters and decoder_filters must have as many numbers, got "
                f"{len(filters)} and {len(decoder_filters)}."
            )
        with network_scope(kwargs.get("name"), dtype):
            current = keras.Input((None, None, 3), name="current")
            previous = keras.Input((None, None, 3), name="previous")
            now = _pyramid(current, len(filters), "current")
            before = _pyramid(previous, len(filters), "previous")
            features = _encode(current, filters)
            flow = None
            for level in reversed(range(len(filters))):
                name = f"stride{4 << level}"
                if flow is None:
                    flow = layers.Concatenate(name=f"{name}_flow")(
                        [ops.zeros_like(now[level])] * 2
                    )
                else:
                    flow = ResizeLike(False, name=f"{name}_resize")(
                        [flow, now[level]]
                    )
                    # Pixels are half as large here.
                    flow = layers.Rescaling(2.0, name=f"{name}_flow")(flow)
                step = LucasKanadeStep(name=f"{name}_step")(
                    [now[level], before[level], flow]
                )
                flow = flow + step[..., :2]
                flow = _correct(
                    flow,
                    step,
                    features[level],
                    decoder_filters[level],
                    name,
                    changes=level > 0,
                )
            super().__init__(inputs=[current, previous], outputs=flow, **kwargs)

        self.filters = tuple(filters)
        self.decoder_filters = tuple(decoder_filters)


def _pyramid(image, levels, name):
    """Brightness at strides 4, 8, ..., `[B, h, w, 1]` each."""
    found, x = [], image
    for level in range(levels):
        x = layers.AveragePooling2D(
            2, padding="same", name=f"{name}{4 << level}"
        )(x)
        if level == 0:
            x = ops.mean(x, axis=-1, keepdims=True)
        found.append(x)
    return found


def _encode(image, filters):
    found, x = [], image
    for level, width in enumerate(filters):
        x = _conv(x, width, f"encoder{4 << level}", strides=2)
        found.append(x)
    return found


def _correct(flow, step, features, width, name, changes):
    """What the convolutions of one stride make of the flow."""
    smooth = layers.AveragePooling2D(
        5, strides=1, padding="same", name=f"{name}_smooth"
    )(flow)
    x = layers.Concatenate(name=f"{name}_known")(
        [step, flow - smooth, features]
    )
    x = _conv(x, width, f"{name}_conv1")
    x = _conv(x, width, f"{name}_conv2")
    # At the start all neighbours count alike, and nothing is changed.
    weights = _from_zero(x, 9, f"{name}_weights")
    flow = WeightedNeighbours(2, name=f"{name}_neighbours")([flow, weights])
    return flow + _from_zero(x, 2, f"{name}_change") if changes else flow


def _from_zero(x, filters, name):
    return layers.Conv2D(filters, 1, kernel_initializer="zeros", name=name)(x)


def _conv(x, width, name, strides=1):
    x = conv2d(x, width, 3, name, strides=strides, use_bias=True)
    return layers.LeakyReLU(negative_slope=SLOPE, name=f"{name}_relu")(x)
