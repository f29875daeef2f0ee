"""Segmenters and clip classifiers that run in OpenVINO, ONNX Runtime or LiteRT.

model = accel_tf.fuse_for_inference(model)
model = accel_tf.runtimes.to_runtime(model, "openvino")
stream = accel_tf.VideoStream(model)
"""

from accel_tf.lazy import lazy_names

__all__ = [
    "Int8Report",
    "RUNTIMES",
    "RuntimeClassifier",
    "RuntimeModel",
    "RuntimeSegmenter",
    "is_saved_runtime",
    "load_runtime",
    "to_runtime",
]
_ROOM = "accel_tf.runtimes"
__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "Int8Report": f"{_ROOM}.int8_report",
        "RUNTIMES": f"{_ROOM}.kinds",
        "RuntimeClassifier": f"{_ROOM}.classifier",
        "RuntimeModel": f"{_ROOM}.model",
        "RuntimeSegmenter": f"{_ROOM}.segmenter",
        "is_saved_runtime": f"{_ROOM}.saved",
        "load_runtime": f"{_ROOM}.saved",
        "to_runtime": f"{_ROOM}.convert",
    },
)
