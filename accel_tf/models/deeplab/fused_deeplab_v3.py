"""DeepLabv3 for inference."""

import keras

from accel_tf.layers.blocks import network_scope
from accel_tf.layers.folding import FoldedNetwork, fold_batch_normalization
from accel_tf.layers.inference_conv2d import InferenceConv2D
from accel_tf.models.deeplab.atrous_head import (
    CONCATENATED,
    POOLED,
    PROJECTION,
)
from accel_tf.models.deeplab.deeplab_v3 import DeepLabV3, DeepLabV3Step
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.segmenter import fused_form


@fused_form.register(DeepLabV3)
class FusedDeepLabV3(FusedSegmenter, DeepLabV3Step):
    """`DeepLabV3` with batch normalisation folded into its convolutions.

    And with the average of the map projected before it is spread over it.

    Args:
        model: a `DeepLabV3`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.decoder = model.decoder
        self.alignment = model.alignment
        self.backbone = fold_batch_normalization(
            model.features, gives_features=True
        )
        self.backbone.describe(model.backbone)
        self.head = project_average_alone(fold_batch_normalization(model.head))
        self.built = True

    @property
    def features(self):
        return self.backbone


def project_average_alone(head):
    """A folded head that projects its average at one place, not at all.

    The projection is linear: that of the average, which is the same
    everywhere, is added to that of the other branches.

    Args:
        head: a folded `atrous_head`; left as it is.

    Returns:
        A `FoldedNetwork` of the same inputs, outputs and name.
    """
    projection = head.get_layer(PROJECTION)
    kernel, bias = projection.get_weights()
    filters, policy = kernel.shape[-1], projection.dtype_policy
    average = []

    def clone(layer):
        if layer is projection:
            return InferenceConv2D(filters, 1, name=PROJECTION, dtype=policy)
        return type(layer).from_config(layer.get_config())

    def call(layer, *args, **kwargs):
        if layer.name == POOLED:
            average.append(args[0][0])
            return args[0][0]
        if layer.name == CONCATENATED:
            branches = args[0][1:]
            return branches[0] if len(branches) == 1 else layer(branches)
        outputs = layer(*args, **kwargs)
        if layer.name != PROJECTION:
            layer.set_weights(head.get_layer(layer.name).get_weights())
            return outputs
        alone = InferenceConv2D(
            filters,
            1,
            use_bias=False,
            name=f"{PROJECTION}_of_average",
            dtype=policy,
        )
        outputs = keras.layers.Add(dtype=policy)([outputs, alone(average[0])])
        channels = average[0].shape[-1]
        alone.set_weights([kernel[:, :, :channels]])
        layer.set_weights([kernel[:, :, channels:], bias])
        return outputs

    with network_scope(head.name, head.dtype_policy):
        copy = keras.models.clone_model(
            head, clone_function=clone, call_function=call
        )
        return FoldedNetwork(copy.input, copy.output, name=head.name)
