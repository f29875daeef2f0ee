"""Deep Feature Flow's presets: name -> (description, constructor)."""

from accel_tf.models.dff.deep_feature_flow import DeepFeatureFlow
from accel_tf.models.flownet import FlowNetS
from accel_tf.models.flownet.flownet_presets import tiny_flow_network
from accel_tf.models.resnet.resnet_presets import resnet_101, tiny_resnet


def _dff_101(num_classes, **kwargs):
    return DeepFeatureFlow(
        resnet_101(name="reference_backbone"),
        FlowNetS(name="flow_network"),
        num_classes,
        **kwargs,
    )


def _dff_tiny(num_classes, **kwargs):
    return DeepFeatureFlow(
        tiny_resnet(name="reference_backbone"),
        tiny_flow_network(name="flow_network"),
        num_classes,
        head_filters=64,
        **kwargs,
    )


dff_presets = {
    "dff_101": ("Deep Feature Flow, deformable ResNet-101", _dff_101),
    "dff_tiny": (
        "Deep Feature Flow in small, stride 8; a part of accel_tiny",
        _dff_tiny,
    ),
}
