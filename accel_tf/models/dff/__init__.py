"""Deep Feature Flow."""

from accel_tf.models.dff import fused_deep_feature_flow  # noqa: F401 (registers itself)
from accel_tf.models.dff.deep_feature_flow import DeepFeatureFlow

__all__ = ["DeepFeatureFlow"]
