"""Live video, frame by frame."""

from accel_tf.lazy import lazy_names

__all__ = [
    "AdaptiveKeyframes",
    "ClipStream",
    "FixedInterval",
    "KeyframePolicy",
    "SceneCuts",
    "VideoStream",
]
_ROOM = "accel_tf.streaming"
# Streams of exported programs need no Keras.
__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "AdaptiveKeyframes": f"{_ROOM}.adaptive_keyframes",
        "ClipStream": f"{_ROOM}.clip_stream",
        "FixedInterval": f"{_ROOM}.keyframe_policies",
        "KeyframePolicy": f"{_ROOM}.keyframe_policies",
        "SceneCuts": f"{_ROOM}.scene_cuts",
        "VideoStream": f"{_ROOM}.video_stream",
    },
)
