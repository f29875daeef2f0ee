"""X3D's presets: name -> (description, constructor)."""

from accel_tf.models.x3d.backbone_classifier import BackboneClassifier
from accel_tf.models.x3d.x3d_backbone import X3DBackbone


def _x3d(blocks):
    return lambda num_classes, **kwargs: BackboneClassifier(
        X3DBackbone(blocks, name="backbone"), num_classes, **kwargs
    )


x3d_presets = {
    "x3d_m": ("Clip classifier X3D-M", _x3d((3, 5, 11, 7))),
    "x3d_l": ("Clip classifier X3D-L", _x3d((5, 10, 25, 15))),
}
