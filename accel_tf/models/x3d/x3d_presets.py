"""X3D's presets: name -> (description, constructor)."""

from accel_tf.data.frame_steps import published_step
from accel_tf.models.x3d.architecture import NAMES, Architecture
from accel_tf.models.x3d.backbone_classifier import BackboneClassifier
from accel_tf.models.x3d.x3d_backbone import X3DBackbone


def _x3d(name, blocks):
    NAMES[Architecture(blocks, stem_filters=24, inner_filters=54)] = name
    return lambda num_classes, **kwargs: BackboneClassifier(
        X3DBackbone(blocks, name="backbone"),
        num_classes,
        **{"frame_step": published_step(num_classes), **kwargs},
    )


x3d_presets = {
    "x3d_m": ("Clip classifier X3D-M", _x3d("x3d_m", (3, 5, 11, 7))),
    "x3d_l": ("Clip classifier X3D-L", _x3d("x3d_l", (5, 10, 25, 15))),
}
