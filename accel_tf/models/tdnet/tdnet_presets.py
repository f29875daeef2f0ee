"""TDNet's presets: name -> (description, constructor)."""

from accel_tf.models.pspnet.pspnet_presets import (
    dilated_resnet_18,
    dilated_resnet_50,
    tiny_dilated_resnet,
)
from accel_tf.models.tdnet.fanet import FANet
from accel_tf.models.tdnet.tdnet import TDNet


def _tdnet(backbone, paths, **options):
    return lambda num_classes, **kwargs: TDNet(
        [backbone(name=f"backbone_{n}") for n in range(1, paths + 1)],
        num_classes,
        **{**options, **kwargs},
    )


tdnet_presets = {
    "td4_psp18": (
        "TDNet, four paths, dilated ResNet-18 with pyramid pooling",
        _tdnet(dilated_resnet_18, 4),
    ),
    "td2_psp50": (
        "TDNet, two paths, dilated ResNet-50 with pyramid pooling",
        _tdnet(dilated_resnet_50, 2, head_filters=256),
    ),
    "td2_fa18": (
        "TDNet, two paths, ResNet-18 with fast attention",
        _tdnet(
            FANet,
            2,
            pyramid_groups=0,
            value_filters=256,
            head_filters=256,
            head="leaky",
            norm_size=(96, 192),
        ),
    ),
    "td4_psp_tiny": (
        "TDNet's structure in small, four paths; trains in minutes",
        _tdnet(
            tiny_dilated_resnet,
            4,
            key_filters=16,
            value_filters=64,
            head_filters=32,
            norm_size=(16, 32),
            stride=3,
        ),
    ),
}
