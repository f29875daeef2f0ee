"""Accel: deep features by flow, corrected by a look at every frame."""

from accel_tf.models.accel import (  # noqa: F401 (they register themselves)
    fused_accel,
    fused_feature_fusion_accel,
)
from accel_tf.models.accel.accel import Accel
from accel_tf.models.accel.feature_fusion_accel import FeatureFusionAccel

__all__ = ["Accel", "FeatureFusionAccel"]
