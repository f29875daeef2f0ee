"""FlowNet-S, as Deep Feature Flow cut it down."""

import keras

from accel_tf.layers import CropLike
from accel_tf.layers.blocks import HE, conv2d, network_scope
from accel_tf.models.flownet.flow_network import FlowNetwork

SLOPE = 0.1


@keras.saving.register_keras_serializable(package="accel_tf")
class FlowNetS(FlowNetwork):
    """Optical flow at feature resolution from two half-size frames.

    FlowNet (ICCV 2015, FlowNetSimple) on half-size input, refined to
    stride 8 and, for a stride of 16, predicted from averaged features.
    Source: `get_flownet` of the official Deep Feature Flow and Accel code.

    Called on `[current, previous]`, both `flow_image` of a frame,
    `[B, ceil(H / 2), ceil(W / 2), 3]`. Gives `[B, h, w, 2]`, (dx, dy) in
    feature pixels: where in `previous` the content of a pixel of `current`
    was. `h = ceil(H / output_stride)`, rounded up at every halving.

    Args:
        filters: channels of the six encoder levels.
        decoder_filters: channels of the four decoder levels, coarse first.
        output_stride: 16, or 8 for segmenters of that stride.
        scale: factor from the last convolution to feature pixels.
        dtype: dtype policy of the layers; `None` is Keras' default.

    Raises:
        ValueError: if `output_stride` is neither 8 nor 16.
    """

    arguments = (
        "filters",
        "decoder_filters",
        "output_stride",
        "scale",
    )

    def __init__(
        self,
        filters=(64, 128, 256, 512, 512, 1024),
        decoder_filters=(512, 256, 128, 64),
        output_stride=16,
        scale=2.5,
        dtype=None,
        **kwargs,
    ):
        if output_stride not in (8, 16):
            raise ValueError(
                f"output_stride must be 8 or 16, got {output_stride}."
            )
        with network_scope(kwargs.get("name"), dtype):
            # === Encoder ===
            current = keras.Input((None, None, 3), name="current")
            previous = keras.Input((None, None, 3), name="previous")
            x = keras.layers.Concatenate(name="frames")([current, previous])
            levels = {}
            for level, width in enumerate(filters, start=1):
                kernel_size = {1: 7, 2: 5, 3: 5}.get(level, 3)
                name = "flow_conv1" if level == 1 else f"conv{level}"
                x = _conv(x, width, kernel_size, name, strides=2)
                if level > 2:
                    x = _conv(x, width, 3, f"conv{level}_1")
                levels[level] = x

            # === Decoder: each level sees a coarser prediction of the flow ===
            for level, width in zip((5, 4, 3, 2), decoder_filters, strict=True):
                skip = levels[level]
                prediction = _flow(x, f"Convolution{6 - level}")
                upsampled = CropLike(name=f"crop_deconv{level}")(
                    [_deconv(x, width, f"deconv{level}"), skip]
                )
                upsampled = _leaky_relu(upsampled, f"deconv{level}_relu")
                name = f"upsample_flow{level + 1}to{level}"
                prediction = CropLike(name=f"crop_{name}")(
                    [_deconv(prediction, 2, name), skip]
                )
                x = keras.layers.Concatenate(name=f"concat{level}")(
                    [skip, upsampled, prediction]
                )

            # === Flow ===
            if output_stride == 16:
                x = keras.layers.AveragePooling2D(
                    2, padding="same", name="resize_concat5"
                )(x)
            flow = _flow(x, "Convolution5")
            flow = keras.layers.Rescaling(scale, name="flow")(flow)
            super().__init__(inputs=[current, previous], outputs=flow, **kwargs)

        # === Config ===
        self.filters = tuple(filters)
        self.decoder_filters = tuple(decoder_filters)
        self.output_stride = output_stride
        self.scale = scale


def _leaky_relu(x, name):
    return keras.layers.LeakyReLU(negative_slope=SLOPE, name=name)(x)


def _conv(x, filters, kernel_size, name, strides=1):
    x = conv2d(x, filters, kernel_size, name, strides=strides, use_bias=True)
    return _leaky_relu(x, f"{name}_relu")


def _flow(x, name):
    return conv2d(x, 2, 3, name, use_bias=True)


def _deconv(x, filters, name):
    return keras.layers.Conv2DTranspose(
        filters,
        4,
        strides=2,
        padding="same",
        kernel_initializer=HE,
        name=name,
    )(x)
