"""Deep Feature Flow: features of a key frame, carried on by flow."""

import keras

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.blending import check_blend
from accel_tf.models.deeplab import DeepLab
from accel_tf.models.deeplab.segmentation_head import segmentation_head
from accel_tf.models.dff.convert_dff import dff_entries
from accel_tf.models.dff.deep_feature_flow_step import DeepFeatureFlowStep
from accel_tf.models.network import copy_network


@keras.saving.register_keras_serializable(package="accel_tf")
class DeepFeatureFlow(DeepFeatureFlowStep):
    """Key frames through a deep network, the others by warping.

    Deep Feature Flow (CVPR 2017), without the scale map, as the Accel paper
    compares with it. The warped features are carried on and the flow is
    that between neighbouring frames, so a frame `n` after the key frame
    sees features warped `n` times.

    State: `features` `[B, h, w, C]`, the reference features at the last
    frame; `flow_image` `[B, ceil(H/2), ceil(W/2), 3]`, the last frame as
    the flow network sees it.

    Feature maps and flow agree in size unless `H` or `W` is 1 or 2 more
    than a multiple of the stride, where the backbone's pooling rounds down
    and the flow network's up: the flow then loses its last row or column.

    Args:
        reference_backbone: network from RGB minus the mean to features;
            has `output_stride`.
        flow_network: a `FlowNetwork`, or `DenseInverseSearch`, of the same
            stride or a finer one that divides it.
        num_classes: classes of the logits.
        head_filters: channels of the head's first convolution.
        blend: frames over which the result of a key frame comes in, so that
            labels do not jump there: on the first of them the scores before
            still have `1 - 1 / blend` of the weight, on the last none, and
            at once none where the flow is not to be trusted (see
            `accel_tf.models.blending`). A key frame then costs the flow, too,
            and the state has `shown`, `offset` and `left`. 0 is as
            published.
        label_map, dtype, name: as in `VideoSegmenter`.
    """

    def __init__(
        self,
        reference_backbone,
        flow_network,
        num_classes,
        head_filters=1024,
        blend=0,
        **kwargs,
    ):
        super().__init__(num_classes, **kwargs)
        check_blend(blend)
        if reference_backbone.output_stride % flow_network.output_stride:
            raise ValueError(
                "the stride of reference_backbone must be a multiple of that "
                f"of flow_network, got {reference_backbone.output_stride} and "
                f"{flow_network.output_stride}."
            )
        self.head_filters = head_filters
        self.blend = blend
        with dtype_scope(self.dtype_policy):
            self.reference_backbone = reference_backbone
            self.flow_network = flow_network
            self.reference_head = segmentation_head(
                reference_backbone.output_shape[-1],
                num_classes,
                head_filters,
                "reference_head",
            )
        self.built = True

    # === Parts that were trained by themselves ===

    @classmethod
    def from_parts(cls, reference, flow_network, **kwargs):
        """Puts trained networks together; their weights are copied.

        Args:
            reference: `DeepLab` whose branch looks at key frames.
            flow_network: as in the constructor.
            **kwargs: further arguments of the constructor; classes and label
                map are those of `reference`.

        Raises:
            ValueError: if the parts don't fit together.
        """
        dtype = kwargs.get("dtype")
        model = cls(
            reference_backbone=copy_network(
                reference.backbone, "reference_backbone", dtype
            ),
            flow_network=copy_network(flow_network, "flow_network", dtype),
            num_classes=reference.num_classes,
            head_filters=reference.head_filters,
            label_map=reference.label_map,
            trained_size=reference.trained_size,
            **kwargs,
        )
        model.reference_head.set_weights(reference.head.get_weights())
        return model

    def reference_segmenter(self, name="reference_branch"):
        """The reference branch alone, a `DeepLab` with the same weights."""
        model = DeepLab(
            copy_network(self.reference_backbone, "backbone"),
            self.num_classes,
            self.head_filters,
            label_map=self.label_map,
            trained_size=self.trained_size,
            name=name,
        )
        model.head.set_weights(self.reference_head.get_weights())
        return model

    # === Checkpoints, config ===

    def checkpoint_entries(self):
        return dff_entries(self)

    def get_config(self):
        return {
            **super().get_config(),
            "reference_backbone": self.serialize_network(
                self.reference_backbone
            ),
            "flow_network": self.serialize_network(self.flow_network),
            "head_filters": self.head_filters,
            "blend": self.blend,
        }
