"""Official names of Accel's tensors."""

from accel_tf.checkpoints.entries import mxnet_layer_entries
from accel_tf.models.deeplab.convert_deeplab import (
    backbone_entries,
    head_entries,
)
from accel_tf.models.dff.convert_dff import dff_entries


def accel_entries(model):
    """Entries of an `Accel`.

    The update branch has the names of its DeepLab with a prefix; only the
    head of Accel-50 has another one.
    """
    prefix = model.update_prefix
    head_prefix = model.update_head_prefix
    return [
        *dff_entries(model),
        *backbone_entries(model.update_backbone, prefix),
        *head_entries(
            model.update_head,
            model.output_stride,
            prefix if head_prefix is None else head_prefix,
        ),
        *mxnet_layer_entries(model.fusion, "corr"),
    ]


def feature_fusion_entries(model):
    """Entries of a `FeatureFusionAccel`."""
    return [
        *dff_entries(model),
        *mxnet_layer_entries(model.fusion, "corr"),
    ]
