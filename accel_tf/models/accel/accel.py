"""Accel with fused scores: Accel-18, Accel-34 and Accel-50."""

import keras
from keras import ops

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.accel.convert_accel import accel_entries
from accel_tf.models.cost import count_multiply_adds
from accel_tf.models.deeplab import DeepLab
from accel_tf.models.deeplab.segmentation_head import segmentation_head
from accel_tf.models.dff import DeepFeatureFlow
from accel_tf.models.image_normalization import subtract_mean
from accel_tf.models.network import copy_network
from accel_tf.models.signal_names import DISAGREEMENT
from accel_tf.models.signals import disagreement
from accel_tf.ops import upsample_scores


@keras.saving.register_keras_serializable(package="accel_tf")
class Accel(DeepFeatureFlow):
    """Deep Feature Flow, corrected by a light network on every frame.

    Accel (CVPR 2019). On key frames the reference branch alone decides,
    unless `fuse_key_frames` is set. On the others its warped features and an
    update branch, which looks at the current frame, each give class scores,
    and a 1x1 convolution fuses the two. What is carried on are the warped
    features; the fused scores leave no trace.

    The paper fuses at full resolution. Fusion is linear and up-sampling is
    one fixed kernel for every class, so here the scores are fused at the
    network's stride and up-sampled once; only the bias comes after.

    Args:
        reference_backbone, flow_network: as in `DeepFeatureFlow`.
        update_backbone: light network from RGB minus the mean to features,
            of the same stride.
        num_classes: classes of the logits.
        head_filters: channels of the first convolution of both heads.
        update_prefix: what the official names of the update branch's
            tensors start with, for `load_checkpoint`.
        update_head_prefix: the same for its head; by default as
            `update_prefix`.
        fuse_key_frames: whether the update branch looks at key frames, too,
            so that all labels come from one decision and change less where a
            key frame comes; a key frame then costs that branch. False is as
            published.
        blend: as in `DeepFeatureFlow`.
        label_map, dtype, name: as in `VideoSegmenter`.
    """

    def __init__(
        self,
        reference_backbone,
        flow_network,
        update_backbone,
        num_classes,
        head_filters=1024,
        update_prefix="18_",
        update_head_prefix=None,
        fuse_key_frames=False,
        **kwargs,
    ):
        super().__init__(
            reference_backbone,
            flow_network,
            num_classes,
            head_filters,
            **kwargs,
        )
        if update_backbone.output_stride != self.output_stride:
            raise ValueError(
                "update_backbone must have the reference_backbone's stride "
                f"{self.output_stride}, got {update_backbone.output_stride}."
            )
        self.update_prefix = update_prefix
        self.update_head_prefix = update_head_prefix
        self.fuse_key_frames = bool(fuse_key_frames)
        with dtype_scope(self.dtype_policy):
            self.update_backbone = update_backbone
            self.update_head = segmentation_head(
                update_backbone.output_shape[-1],
                num_classes,
                head_filters,
                "update_head",
            )
            # The paper starts from small weights; averaging the branches is
            # a better prior for a fusion that has not been trained.
            self.fusion = keras.layers.Conv2D(
                num_classes,
                1,
                kernel_initializer=average_of_branches,
                name="fusion",
            )
            self.fusion.build((None, None, None, 2 * num_classes))

    signals = (*DeepFeatureFlow.signals, DISAGREEMENT)

    # === Parts that were trained by themselves ===

    @classmethod
    def from_parts(cls, reference, flow_network, update, **kwargs):
        """Puts trained networks together; their weights are copied.

        Args:
            reference, flow_network, **kwargs: as in `DeepFeatureFlow`.
            update: `DeepLab` of the same classes, stride and head, whose
                branch looks at every other frame.

        Raises:
            ValueError: if the parts don't fit together.
        """
        for name in ("num_classes", "head_filters"):
            values = getattr(reference, name), getattr(update, name)
            if values[0] != values[1]:
                raise ValueError(
                    f"reference and update must have one {name}, got "
                    f"{values[0]} and {values[1]}."
                )
        if update.prefix:
            kwargs.setdefault("update_prefix", update.prefix)
        model = super().from_parts(
            reference,
            flow_network,
            update_backbone=copy_network(
                update.backbone, "update_backbone", kwargs.get("dtype")
            ),
            **kwargs,
        )
        model.update_head.set_weights(update.head.get_weights())
        return model

    def update_segmenter(self, name="update_branch"):
        """The update branch alone, a `DeepLab` with the same weights."""
        model = DeepLab(
            copy_network(self.update_backbone, "backbone"),
            self.num_classes,
            self.head_filters,
            prefix=self.update_prefix,
            label_map=self.label_map,
            trained_size=self.trained_size,
            name=name,
        )
        model.head.set_weights(self.update_head.get_weights())
        return model

    def fusing_key_frames(self):
        """The same model with `fuse_key_frames`; its weights are copied."""
        config = {**self.get_config(), "fuse_key_frames": True}
        copy = type(self).from_config(config)
        copy.set_weights(self.get_weights())
        return copy

    def without_update(self, name="deep_feature_flow"):
        """The same networks without the correction: Deep Feature Flow."""
        return DeepFeatureFlow.from_parts(
            self.reference_segmenter(), self.flow_network, name=name
        )

    # === The contract ===

    def decide(self, frame, state, is_key, training=None):
        if is_key and not self.fuse_key_frames:
            features = state["features"]
            return self.reference_head(features, training=training), None
        return self._fuse(*self._branches(frame, state, training))

    def _branches(self, frame, state, training=None):
        """Scores of both, of one size."""
        reference = self.reference_head(state["features"], training=training)
        features = self.update_backbone(subtract_mean(frame), training=training)
        return same_size(
            reference, self.update_head(features, training=training)
        )

    def _fuse(self, reference, update):
        scores = ops.concatenate([reference, update], axis=-1)
        kernel = ops.cast(self.fusion.kernel, scores.dtype)
        return ops.conv(scores, kernel), self.fusion.bias

    def decide_between(self, frame, state, names, signals):
        branches = self._branches(frame, state)
        if DISAGREEMENT in names:
            # What each gives to the sum: the fused form has nothing else.
            kernels = ops.split(self.fusion.kernel, 2, axis=2)
            given = [
                ops.conv(scores, ops.cast(kernel, scores.dtype))
                for scores, kernel in zip(branches, kernels, strict=True)
            ]
            signals[DISAGREEMENT] = disagreement(*given)
        return self._fuse(*branches)

    def multiply_adds(self, height, width):
        counts = super().multiply_adds(height, width)
        image = (1, height, width, 3)
        features = self.update_backbone.compute_output_shape(image)
        update = (
            count_multiply_adds(self.update_backbone, image)
            + count_multiply_adds(self.update_head, features)
            + 2 * self.num_classes**2 * features[1] * features[2]
        )
        counts["non_key"] += update
        if self.fuse_key_frames:
            counts["key"] += update
        return counts

    def checkpoint_entries(self):
        return accel_entries(self)

    def get_config(self):
        return {
            **super().get_config(),
            "update_backbone": self.serialize_network(self.update_backbone),
            "update_prefix": self.update_prefix,
            "update_head_prefix": self.update_head_prefix,
            "fuse_key_frames": self.fuse_key_frames,
        }


def average_of_branches(shape, dtype=None):
    """Kernel `[1, 1, 2 * classes, classes]` that averages the two halves."""
    identity = ops.eye(shape[-1], dtype=dtype)
    kernel = ops.concatenate([identity, identity], axis=0) / 2
    return ops.reshape(kernel, shape)


def same_size(first, second):
    """Pads score maps with zeros at the bottom and right to a common size.

    Up-sampling takes what lies outside a score map for zero, so this changes
    nothing in the result; and at stride 1 it only pads.
    """
    sizes = tuple(first.shape)[1:3], tuple(second.shape)[1:3]
    if None in (*sizes[0], *sizes[1]):
        sizes = ops.shape(first)[1:3], ops.shape(second)[1:3]
        common = [ops.maximum(*pair) for pair in zip(*sizes, strict=True)]
    elif sizes[0] == sizes[1]:
        return first, second
    else:
        common = [max(pair) for pair in zip(*sizes, strict=True)]
    return upsample_scores(first, 1, common), upsample_scores(second, 1, common)
