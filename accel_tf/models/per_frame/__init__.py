"""Models that segment every frame afresh, of any origin, as segmenters."""

from accel_tf.models.per_frame import fused_hub_segformer  # noqa: F401 (registers itself)
from accel_tf.models.per_frame.adapt import per_frame
from accel_tf.models.per_frame.foreign_per_frame import ForeignPerFrame
from accel_tf.models.per_frame.hub import hub_presets
from accel_tf.models.per_frame.per_frame import PerFrame

__all__ = ["ForeignPerFrame", "PerFrame", "hub_presets", "per_frame"]
