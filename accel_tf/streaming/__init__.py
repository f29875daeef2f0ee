"""Frame-by-frame segmentation of a live stream."""

from accel_tf.streaming.keyframe_policies import FixedInterval, KeyframePolicy
from accel_tf.streaming.video_stream import VideoStream

__all__ = ["FixedInterval", "KeyframePolicy", "VideoStream"]
