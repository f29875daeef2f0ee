"""One of the sub-networks that take turns in TDNet."""

import keras

from accel_tf.layers import SpatialLayerNormalization
from accel_tf.layers.blocks import batch_norm, leaky_relu
from accel_tf.models.cost import count_multiply_adds
from accel_tf.models.pspnet.heads import fcn_head, leaky_head
from accel_tf.models.pspnet.pyramid_pooling import PyramidPooling
from accel_tf.models.tdnet.temporal_attention import TemporalAttention


class TemporalPath(keras.Model):
    """A shallow sub-network and its way to use the frames before.

    Called on images `[B, H, W, 3]` from `normalize_image` it gives the
    scores of the sub-network alone, which training supervises too.

    Args:
        name: of the path.
        backbone, pyramid: to the path's features; `pyramid` may be `None`.
            The backbone has `multiply_adds`.
        query, key, value: 1x1 convolutions (the paper's encoding).
        attentions: one `TemporalAttention` for each buffered frame, oldest
            first: of this path to the paths `number + 1`, `number + 2`, ...
        norm: `SpatialLayerNormalization`.
        head: from values to scores.
    """

    def __init__(
        self,
        name,
        backbone,
        pyramid,
        query,
        key,
        value,
        attentions,
        norm,
        head,
        dtype=None,
    ):
        super().__init__(autocast=False, name=name, dtype=dtype)
        self.backbone = backbone
        self.pyramid = pyramid
        self.query = query
        self.key = key
        self.value = value
        self.attentions = attentions
        self.norm = norm
        self.head = head
        self.built = True

    def features(self, image, training=None):
        """The path's share of its features, `[B, h, w, C]`."""
        x = self.backbone(image, training=training)
        if self.pyramid is not None:
            x = self.pyramid(x, training=training)
        return x

    def propagate(self, query, state, frames, training=None):
        """What the buffered frames hold for the current one.

        From the oldest on, each frame gathers from the one before and adds
        its own values (CVPR 2020, section 3.2); the current one is last.

        Args:
            query: of the current frame, `[B, h, w, K]`.
            state: of a `TDNet`, before this frame.
            frames: how many of the newest buffered frames take part.

        Returns:
            `[B, h, w, V]`.
        """
        places = len(self.attentions)
        context = None
        for place in range(places - frames, places):
            values = state["values"][:, place]
            if context is not None:
                values = values + context
            is_last = place == places - 1
            asking = query if is_last else state["queries"][:, place]
            context = self.attentions[place](
                [asking, state["keys"][:, place], values], training=training
            )
        return context

    def scores(self, values, training=None):
        """Class scores of values, with or without those of other frames."""
        return self.head(self.norm(values), training=training)

    def call(self, image, training=None):
        x = self.features(image, training)
        return self.scores(self.value(x, training=training), training)

    def multiply_adds(self, image_shape, stride):
        """Of convolutions and attention, with all frames buffered."""
        shape = self.backbone.compute_output_shape(image_shape)
        total = self.backbone.multiply_adds(image_shape)
        if self.pyramid is not None:
            total += count_multiply_adds(self.pyramid, shape)
            shape = self.pyramid.compute_output_shape(shape)
        small = (shape[0], *(-(-n // stride) for n in shape[1:3]))
        queries = self.query.compute_output_shape(shape)
        keys = (*small, queries[3])
        values = self.value.compute_output_shape(shape)
        for part, of in (
            (self.query, shape),
            (self.value, shape),
            (self.key, (*small, shape[3])),
            (self.head, values),
        ):
            total += count_multiply_adds(part, of)
        *earlier, last = self.attentions
        total += sum(each.multiply_adds(keys, keys) for each in earlier)
        return total + last.multiply_adds(queries, keys)


def make_path(
    backbone,
    number,
    paths,
    num_classes,
    pyramid_groups,
    key_filters,
    value_filters,
    head_filters,
    head,
    dropout,
    norm_size,
):
    """A new `TemporalPath` around a backbone.

    Args:
        backbone: network to features; has `multiply_adds`.
        number: of the path, from 1; ends the names of all its parts.
        paths: how many there are.
        num_classes, pyramid_groups, key_filters, value_filters,
        head_filters, head, dropout, norm_size: as in `TDNet`.
    """
    channels = backbone.output_shape[-1]
    pyramid = None
    if pyramid_groups:
        pyramid = PyramidPooling(
            channels,
            pyramid_groups,
            (number - 1) % pyramid_groups,
            name=f"pyramid_{number}",
        )
        channels = pyramid.output_shape[-1]
    for_head = value_filters, num_classes, head_filters, f"head_{number}"
    return TemporalPath(
        f"path_{number}",
        backbone,
        pyramid,
        _embedding(channels, key_filters, f"query_{number}"),
        _embedding(channels, key_filters, f"key_{number}"),
        _projection(channels, value_filters, f"value_{number}"),
        [
            TemporalAttention(
                value_filters,
                dropout,
                name=f"attention_{number}_{(number + step - 1) % paths + 1}",
            )
            for step in range(1, paths)
        ],
        SpatialLayerNormalization(norm_size, name=f"norm_{number}"),
        fcn_head(*for_head, dropout=dropout)
        if head == "fcn"
        else leaky_head(*for_head),
    )


def subsample(x, stride):
    """Every `stride`-th row and column, from the first."""
    return x[:, ::stride, ::stride]


def _embedding(channels, filters, name):
    """Two 1x1 convolutions, the first normalised and leaky."""
    with keras.name_scope(name):
        features = keras.Input((None, None, channels), name="features")
        x = leaky_relu(batch_norm(_conv(filters, "conv0")(features), "bn0"))
        return keras.Model(features, _conv(filters, "conv1")(x), name=name)


def _projection(channels, filters, name):
    with keras.name_scope(name):
        features = keras.Input((None, None, channels), name="features")
        return keras.Model(
            features, _conv(filters, "conv0")(features), name=name
        )


def _conv(filters, name):
    # As published: Kaiming's for a linear activation.
    return keras.layers.Conv2D(
        filters, 1, kernel_initializer="lecun_normal", name=name
    )
