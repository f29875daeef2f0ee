"""Live video, frame by frame."""

from accel_tf.streaming.adaptive_keyframes import AdaptiveKeyframes
from accel_tf.streaming.clip_stream import ClipStream
from accel_tf.streaming.keyframe_policies import FixedInterval, KeyframePolicy
from accel_tf.streaming.scene_cuts import SceneCuts
from accel_tf.streaming.video_stream import VideoStream

__all__ = [
    "AdaptiveKeyframes",
    "ClipStream",
    "FixedInterval",
    "KeyframePolicy",
    "SceneCuts",
    "VideoStream",
]
