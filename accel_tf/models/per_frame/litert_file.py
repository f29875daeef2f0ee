"""A LiteRT (TensorFlow Lite) file as a program."""

import os
import threading

import numpy as np

from accel_tf.messages import one_line
from accel_tf.models.per_frame.foreign_program import ForeignProgram
from accel_tf.models.per_frame.image_layout import (
    ImageLayout,
    choose_output,
    only_input,
)
from accel_tf.optional import require


class LiteRTFile(ForeignProgram):
    """Runs a `.tflite` file.

    A quantised file gets whole numbers: frames as they are where nothing is
    to be normalised, else what stands for the normalised values. Quantised
    scores become real ones.

    Args:
        path: of the file.
        normalization, size: as for `ForeignProgram`.
        output: name of the output; by default the only one.

    Raises:
        ValueError: if it is damaged or takes no images.
        ImportError: if LiteRT is not installed.
    """

    def __init__(self, path, normalization, size=None, output=None):
        kind = f"the LiteRT file {path}"
        litert = require("ai_edge_litert.interpreter", "litert")
        try:
            self._interpreter = litert.Interpreter(
                model_path=str(path), num_threads=os.cpu_count()
            )
        except Exception as error:
            reason = one_line(error)
            raise ValueError(f"{kind} cannot be read: {reason}") from error
        inputs = self._interpreter.get_input_details()
        only_input((entry["name"] for entry in inputs), kind)
        shape = inputs[0]["shape_signature"].tolist()
        self._layout = ImageLayout.of_shape(shape, kind)
        self._input = inputs[0]["index"]
        self._quantization = inputs[0]["quantization"]
        outputs = self._interpreter.get_output_details()
        names = [entry["name"] for entry in outputs]
        self._output = outputs[choose_output(names, output, kind)]
        # An interpreter holds the values of one run.
        self._shape = None
        self._lock = threading.Lock()
        super().__init__(
            kind, normalization, size, self._layout, dtype=inputs[0]["dtype"]
        )

    def quantized(self, image):
        scale, zero = self._quantization
        if not self.normalization.changes_nothing and scale:
            return image / scale + zero
        # Frames are 0 to 255, these numbers -128 to 127.
        return image - 128.0 if self.dtype == np.int8 else image

    def call(self, images):
        images = self._layout.to_input(images)
        with self._lock:
            interpreter = self._interpreter
            if self._shape != images.shape:
                interpreter.resize_tensor_input(self._input, images.shape)
                interpreter.allocate_tensors()
                self._shape = images.shape
            interpreter.set_tensor(self._input, images)
            interpreter.invoke()
            result = interpreter.get_tensor(self._output["index"])
        result = self._layout.from_output(result)
        if result.ndim == 4 and result.dtype.kind in "iu":
            scale, zero = self._output["quantization"]
            result = (result.astype("float32") - zero) * (scale or 1.0)
        return result
