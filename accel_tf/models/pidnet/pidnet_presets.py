"""PIDNet's presets: name -> (description, constructor)."""

from accel_tf.models.pidnet.pidnet import PIDNet
from accel_tf.models.pidnet.pidnet_backbone import PIDNetBackbone


def _pidnet(head_filters, **backbone):
    return lambda num_classes, **kwargs: PIDNet(
        PIDNetBackbone(name="backbone", **backbone),
        num_classes,
        **{"head_filters": head_filters, **kwargs},
    )


pidnet_presets = {
    "pidnet_s": ("Per-frame PIDNet-S, real time", _pidnet(128)),
    "pidnet_m": ("Per-frame PIDNet-M, real time", _pidnet(128, filters=64)),
    "pidnet_l": (
        "Per-frame PIDNet-L, real time",
        _pidnet(
            256, filters=64, blocks=(3, 4), pooling_filters=112, light=False
        ),
    ),
}
