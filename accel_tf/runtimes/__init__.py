"""Segmenters that run in OpenVINO, ONNX Runtime or LiteRT.

model = accel_tf.fuse_for_inference(model)
model = accel_tf.runtimes.to_runtime(model, "openvino")
stream = accel_tf.VideoStream(model)
"""

from accel_tf.runtimes.convert import RUNTIMES, to_runtime
from accel_tf.runtimes.saved import is_saved_runtime, load_runtime
from accel_tf.runtimes.segmenter import RuntimeSegmenter

__all__ = [
    "RUNTIMES",
    "RuntimeSegmenter",
    "is_saved_runtime",
    "load_runtime",
    "to_runtime",
]
