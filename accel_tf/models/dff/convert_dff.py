"""Official names of Deep Feature Flow's tensors."""

from accel_tf.models.deeplab.convert_deeplab import (
    backbone_entries,
    head_entries,
)
from accel_tf.models.flownet.convert_flownet import flownet_s_entries


def dff_entries(model):
    """Entries of a `DeepFeatureFlow` and of what Accel shares with it."""
    return [
        *backbone_entries(model.reference_backbone, ""),
        *head_entries(model.reference_head, model.output_stride, ""),
        *flownet_s_entries(model.flow_network),
    ]
