"""What a machine can do with a video: `accel-tf plan`."""

from accel_tf.lazy import lazy_names

__all__ = ["plan_video"]
__getattr__, __dir__ = lazy_names(
    "accel_tf.planning", {"plan_video": "accel_tf.planning.planner"}
)
