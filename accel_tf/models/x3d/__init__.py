"""X3D: networks from clips to classes."""

from accel_tf.models.x3d import (
    fused_classifier,  # noqa: F401 (registers itself)
)
from accel_tf.models.x3d.backbone_classifier import BackboneClassifier
from accel_tf.models.x3d.clip_backbone import ClipBackbone
from accel_tf.models.x3d.x3d_backbone import X3DBackbone

__all__ = ["BackboneClassifier", "ClipBackbone", "X3DBackbone"]
