"""An ONNX file as a program."""

from accel_tf import optional
from accel_tf.messages import one_line
from accel_tf.models.per_frame.foreign_program import ForeignProgram
from accel_tf.models.per_frame.image_layout import (
    ImageLayout,
    choose_output,
    only_input,
)

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
}


class ONNXFile(ForeignProgram):
    """Runs an ONNX file in ONNX Runtime.

    Args:
        path: of the file.
        normalization, size: as for `ForeignProgram`.
        output: name of the output; by default the only one.

    Raises:
        ValueError: if it is damaged or takes no images.
        ImportError: if ONNX Runtime is not installed.
    """

    def __init__(self, path, normalization, size=None, output=None):
        kind = f"the ONNX file {path}"
        onnxruntime = optional.onnxruntime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            reason = one_line(error)
            raise ValueError(f"{kind} cannot be read: {reason}") from error
        inputs = self._session.get_inputs()
        self._input = only_input((port.name for port in inputs), kind)
        if inputs[0].type not in _DTYPES:
            raise ValueError(
                f"{kind} takes {inputs[0].type}, not one of "
                f"{', '.join(_DTYPES)}."
            )
        self._layout = ImageLayout.of_shape(inputs[0].shape, kind)
        outputs = [port.name for port in self._session.get_outputs()]
        self._output = outputs[choose_output(outputs, output, kind)]
        super().__init__(
            kind,
            normalization,
            size,
            self._layout,
            dtype=_DTYPES[inputs[0].type],
        )

    def call(self, images):
        feed = {self._input: self._layout.to_input(images)}
        (result,) = self._session.run([self._output], feed)
        return self._layout.from_output(result)
