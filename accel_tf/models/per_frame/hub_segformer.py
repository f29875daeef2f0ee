"""KerasHub's SegFormer on frames of any size."""

import keras
from keras import ops

from accel_tf.models.per_frame.per_frame import PerFrame, PerFrameStep
from accel_tf.ops import resize_bilinear


class HubSegFormerStep(PerFrameStep):
    """What `HubSegFormer` computes with its `encoder_levels`."""

    def encoder_levels(self):
        """The layers of the encoder, level by level.

        Returns:
            list of `(embedding, blocks, normalisation)`.
        """
        raise NotImplementedError  # abstract

    def pyramid(self, image, training=False):
        """Features of the encoder at the strides 4, 8, 16 and 32."""
        levels, x = [], image
        for embed, blocks, norm in self.encoder_levels():
            x = embed.norm(embed.proj(embed.padding(x)))
            for block in blocks:
                x = _block(block, x, training)
            x = norm(x)
            levels.append(x)
        return levels

    def multiply_adds(self, height, width):
        total = super().multiply_adds(height, width)["key"]
        height, width = self.grid.image_size((height, width))
        for embed, blocks, _ in self.encoder_levels():
            height, width = height // embed.stride, width // embed.stride
            for block in blocks:
                ratio = block.attn.sr_ratio
                keys = (height // ratio) * (width // ratio)
                # Queries with keys, and weights with values.
                total += 2 * height * width * keys * block.project_dim
        return {"key": total, "non_key": total}


@keras.saving.register_keras_serializable(package="accel_tf")
class HubSegFormer(HubSegFormerStep, PerFrame):
    """SegFormer with the layers of a `keras_hub` model.

    KerasHub's own graph takes squares of one size only: its blocks take the
    square root of the number of pixels for their height and width. This one
    calls the same layers with the height and width that there are, ends
    before the scores are resized, and gives the same on such squares.

    SegFormer: Simple and Efficient Design for Semantic Segmentation with
    Transformers (NeurIPS 2021).

    Args:
        network: `keras_hub.models.SegFormerImageSegmenter`.
        num_classes, others: as for `PerFrame`.
    """

    def __init__(
        self, network, num_classes, output_stride=4, multiple_of=32, **kwargs
    ):
        super().__init__(
            network, num_classes, output_stride, multiple_of, **kwargs
        )

    def network_scores(self, image, training=False):
        head = self.network.backbone
        levels = self.pyramid(image, training)
        size = ops.shape(levels[0])[1:3]
        projected = [
            resize_bilinear(project(level), size)
            for project, level in zip(head.mlp_blocks, levels, strict=True)
        ]
        x = ops.concatenate(projected[::-1], axis=-1)
        return self.classify(head.linear_fuse(x, training=training), training)

    def classify(self, x, training=False):
        """Scores from the features of the head."""
        x = self.network.dropout(x, training=training)
        return self.network.output_segmentation_head(x)

    def encoder_levels(self):
        levels = []
        for layer in self.network.backbone.image_encoder.layers:
            if layer.name.startswith("patch_and_embed_"):
                levels.append([layer, [], None])
            elif layer.name.startswith("hierarchical_encoder_"):
                levels[-1][1].append(layer)
            elif isinstance(layer, keras.layers.LayerNormalization):
                levels[-1][2] = layer
        return levels


def _block(block, x, training):
    """A transformer block of `[B, h, w, C]`."""
    # Products may be in another type than the sum, see `FusedHubSegFormer`.
    y = ops.cast(_attention(block.attn, block.norm1(x), training), x.dtype)
    x = x + block.drop_path(y, training=training)
    mlp = block.mlp
    y = mlp.fc2(ops.gelu(mlp.dwconv(mlp.fc1(block.norm2(x)))))
    y = ops.cast(y, x.dtype)
    return x + block.drop_path(y, training=training)


def _attention(layer, x, training):
    """Of every pixel to those of a smaller map, `[B, h, w, C]`."""
    batch, height, width, channels = ops.shape(x)
    heads = layer.num_heads

    def by_head(values):
        values = ops.reshape(values, (batch, -1, heads, channels // heads))
        return ops.transpose(values, (0, 2, 1, 3))

    queries, source = by_head(layer.q(x)), x
    if layer.sr_ratio > 1:
        source = layer.norm(layer.sr(x))
    keys, values = by_head(layer.k(source)), by_head(layer.v(source))
    queries, keys = (ops.cast(each, x.dtype) for each in (queries, keys))
    weights = ops.matmul(queries, ops.transpose(keys, (0, 1, 3, 2)))
    weights = ops.softmax(weights * layer.scale, axis=-1)
    weights = layer.dropout(weights, training=training)
    weights = ops.cast(weights, values.dtype)
    x = ops.transpose(ops.matmul(weights, values), (0, 2, 1, 3))
    x = layer.proj(ops.reshape(x, (batch, height, width, channels)))
    return layer.proj_drop(x, training=training)
