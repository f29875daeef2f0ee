"""Which runtimes there are, without what it takes to run in them."""

PRECISIONS = {
    "openvino": ("float32", "bfloat16", "int8"),
    "onnxruntime": ("float32", "int8"),
    "litert": ("float32", "float16"),
}
"""Name of a runtime -> its precisions, the usual one first."""

OF_KERAS = ("float32", "bfloat16")
"""Precisions of `accel_tf.fuse_for_inference`."""

ALL_PRECISIONS = ("float32", "bfloat16", "int8", "float16")
"""Of all runtimes together."""
