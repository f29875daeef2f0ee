"""Deep Feature Flow's presets: name -> (description, constructor)."""

from accel_tf.models.dff.deep_feature_flow import DeepFeatureFlow
from accel_tf.models.flownet import FlowNetS
from accel_tf.models.resnet.resnet_presets import resnet_101


def _dff_101(num_classes, **kwargs):
    return DeepFeatureFlow(
        resnet_101(name="reference_backbone"),
        FlowNetS(name="flow_network"),
        num_classes,
        **kwargs,
    )


dff_presets = {
    "dff_101": ("Deep Feature Flow, deformable ResNet-101", _dff_101),
}
