"""Deep Feature Flow."""

from accel_tf.models.dff.deep_feature_flow import DeepFeatureFlow

__all__ = ["DeepFeatureFlow"]
