"""The runtimes that there are."""

from accel_tf.runtimes.litert_program import LiteRTProgram
from accel_tf.runtimes.onnx_program import ONNXProgram
from accel_tf.runtimes.openvino_program import OpenVINOProgram

RUNTIMES = {
    "openvino": OpenVINOProgram,
    "onnxruntime": ONNXProgram,
    "litert": LiteRTProgram,
}
"""Name of a runtime -> class of its programs."""
