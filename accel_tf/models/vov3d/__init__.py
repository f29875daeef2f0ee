"""VoV3D: temporal one-shot aggregation, from clips to classes."""

from accel_tf.models.vov3d.vov3d_backbone import VoV3DBackbone

__all__ = ["VoV3DBackbone"]
