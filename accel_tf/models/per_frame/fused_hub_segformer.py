"""SegFormer with a light head."""

import types

import keras
import numpy as np
from keras import layers, ops

from accel_tf.layers.blocks import dtype_scope
from accel_tf.layers.inference_precision import (
    is_wrong_in_bfloat16,
    policy_of_products,
)
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.per_frame.hub_segformer import (
    HubSegFormer,
    HubSegFormerStep,
)
from accel_tf.models.segmenter import fused_form
from accel_tf.ops import resize_bilinear


@fused_form.register(HubSegFormer)
class FusedHubSegFormer(FusedSegmenter, HubSegFormerStep):
    """The scores of a `HubSegFormer` from fewer operations.

    The head brings every level to the same channels and the same size, and
    convolves all of them together, 1x1. All of this is linear, so each level
    is brought to the convolution's output at its own size, where there are
    few pixels, and only the sum is made at the largest. Normalisation with
    fixed statistics folds into these products.

    In bfloat16, normalisation, attention's softmax, the sums, the scores and
    what `is_wrong_in_bfloat16` stay float32.

    Args:
        model: a `HubSegFormer`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.grid = model.grid
        self.normalization = model.normalization
        self.probabilities = model.probabilities
        with dtype_scope(self.dtype_policy):
            self.copies = []
            self._levels = [
                (
                    self._copy_parts(embed, "padding proj norm", "stride"),
                    [self._copy_block(block) for block in blocks],
                    self._copy(norm),
                )
                for embed, blocks, norm in model.encoder_levels()
            ]
            self.scores = self._copy(
                model.network.output_segmentation_head, self.dtype_policy
            )
        with dtype_scope(policy_of_products(self.dtype_policy)):
            self.head = _light_head(model.network.backbone)
        self.built = True

    def encoder_levels(self):
        return self._levels

    def network_scores(self, image, training=False):
        levels = self.pyramid(image)
        size = ops.shape(levels[0])[1:3]
        x = sum(
            resize_bilinear(ops.cast(project(level), self.compute_dtype), size)
            for project, level in zip(self.head, levels, strict=True)
        )
        return self.scores(ops.relu(x))

    def _copy_block(self, block):
        attention, mlp = block.attn, block.mlp
        names = "q k v proj" + (" sr norm" if attention.sr_ratio > 1 else "")
        return types.SimpleNamespace(
            norm1=self._copy(block.norm1),
            attn=self._copy_parts(attention, names, "num_heads sr_ratio scale"),
            norm2=self._copy(block.norm2),
            mlp=self._copy_parts(mlp, "fc1 dwconv fc2"),
            drop_path=_keep,
            project_dim=block.project_dim,
        )

    def _copy_parts(self, layer, names, values=""):
        """A layer of KerasHub: copies of its layers, and its numbers."""
        parts = {
            name: self._copy(getattr(layer, name)) for name in names.split()
        }
        numbers = {name: getattr(layer, name) for name in values.split()}
        return types.SimpleNamespace(
            **parts, **numbers, dropout=_keep, proj_drop=_keep
        )

    def _copy(self, layer, policy=None):
        """A layer like another, with weights of its own."""
        if policy is None:
            policy = self.dtype_policy
            if not (
                isinstance(layer, keras.layers.LayerNormalization)
                or is_wrong_in_bfloat16(layer)
            ):
                policy = policy_of_products(policy)
        config = {**layer.get_config(), "dtype": policy}
        copy = type(layer).from_config(config)
        weights = layer.get_weights()
        if weights:
            # Kernels end with inputs and outputs, others with the channels.
            channels = weights[0].shape[-2 if weights[0].ndim > 1 else -1]
            copy.build((None, None, None, channels))
            copy.set_weights(weights)
        # Where Keras finds it.
        self.copies.append(copy)
        return copy


def _keep(x, training=False):
    return x


def _light_head(backbone):
    """A layer for each level of the encoder, to be added up.

    Args:
        backbone: `keras_hub.models.SegFormerBackbone`.
    """
    convolution, norm = backbone.linear_fuse.layers[:2]
    fuse = np.asarray(convolution.get_weights()[0], "float64")[0, 0]
    gamma, beta, mean, variance = (
        np.asarray(value, "float64") for value in norm.get_weights()
    )
    scale = gamma / np.sqrt(variance + norm.epsilon)
    # The levels are laid side by side with the last one first.
    parts = np.split(fuse * scale, len(backbone.mlp_blocks))[::-1]
    head, bias = [], beta - mean * scale
    for block, part in zip(backbone.mlp_blocks, parts, strict=True):
        kernel, offset = block.get_weights()
        bias = bias + offset @ part
        head.append((kernel.astype("float64") @ part, np.zeros_like(bias)))
    # Resizing keeps a constant, so one of them adds it for all.
    head[0] = (head[0][0], bias)
    made = []
    for kernel, offset in head:
        layer = layers.Dense(kernel.shape[1])
        layer.build((None, None, None, kernel.shape[0]))
        layer.set_weights([kernel, offset])
        made.append(layer)
    return made
