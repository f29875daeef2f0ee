"""Programs for ONNX Runtime."""

import logging

from accel_tf import optional
from accel_tf.files import write_bytes
from accel_tf.quiet_start import quiet_tensorflow
from accel_tf.runtimes import onnx_layers
from accel_tf.runtimes.quantizer import quantize, without_telemetry

EXTRA = "onnx"
# All operations of the graphs are in it; runtimes of 2022 read it.
_OPERATOR_SET = 17
# Bytes of a constant; those that say shapes are small.
_LARGE = 2**14


class ONNXProgram:
    """One program: an `.onnx` file.

    Args:
        content: bytes of the file.
    """

    ending = ".onnx"
    precisions = ("float32", "int8")

    def __init__(self, content):
        self.content = content

    @classmethod
    def require_runtime(cls):
        """An ImportError if the runtime is not installed."""
        return optional.onnxruntime()

    @classmethod
    def require_converter(cls, precision):
        """An ImportError if what converts to it is not installed."""
        if precision == "int8":
            with without_telemetry():
                optional.require("nncf", EXTRA)
        return optional.require("tf2onnx", EXTRA)

    @classmethod
    def convert(cls, graph, precision):
        """Makes the program of a `StepGraph`."""
        tf2onnx = cls.require_converter(precision)

        logging.getLogger("tf2onnx").setLevel(logging.ERROR)
        graph_def = _with_single_biases(graph.graph_def)
        weights = _take_weights(graph_def)
        inputs = [f"{tensor.name}:0" for tensor in graph.inputs]
        outputs = [f"{tensor.name}:0" for tensor in graph.outputs]
        with quiet_tensorflow():
            model, _ = tf2onnx.convert.from_graph_def(
                graph_def,
                input_names=[*inputs, *weights],
                output_names=outputs,
                opset=_OPERATOR_SET,
                tensors_to_rename={
                    name: name.removesuffix(":0") for name in inputs + outputs
                },
            )
        _put_weights(model.graph, weights)
        if precision == "int8":
            onnx_layers.fold_constants(model)
        return cls(model.SerializeToString())

    def quantize(self, feeds, kept=()):
        """As of `OpenVINOProgram`."""
        exact = self._model()
        kept = {*onnx_layers.exempt(exact), *kept}
        whole = quantize(exact, feeds, kept, EXTRA)
        onnx_layers.fold_weights(whole)
        return ONNXProgram(whole.SerializeToString())

    def products(self):
        """list of `Layer`: convolutions and matrix products."""
        return onnx_layers.products(self._model())

    def quantized(self):
        """list of `Layer`: what is computed in whole numbers."""
        return onnx_layers.quantized(self._model())

    def comparison(self, whole, names, output):
        """The program of `onnx_layers.comparison` with one in int8."""
        merged = onnx_layers.comparison(
            self._model(), whole._model(), names, output
        )
        return ONNXProgram(merged.SerializeToString())

    def _model(self):
        return optional.require("onnx", EXTRA).load_from_string(self.content)

    @classmethod
    def read(cls, path):
        return cls(path.read_bytes())

    def write(self, path):
        """Writes the program; gives the names of its files."""
        write_bytes(path, self.content)
        return [path.name]

    def compile(self, inputs, outputs, threads):
        """`run(arrays) -> arrays`, in the order of the lists of `Tensor`."""
        onnxruntime = self.require_runtime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads:
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            self.content, options, providers=["CPUExecutionProvider"]
        )
        known = {port.name for port in session.get_inputs()}
        names = [tensor.name for tensor in outputs]

        def run(arrays):
            feed = {
                tensor.name: array
                for tensor, array in zip(inputs, arrays, strict=True)
                if tensor.name in known
            }
            return session.run(names, feed)

        return run


def _with_single_biases(graph_def):
    """Makes the second of two biases of one convolution an addition.

    tf2onnx would make both an input of the convolution, which takes one.
    """
    biases = {n.name: n for n in graph_def.node if n.op == "BiasAdd"}
    seconds = [n for n in biases.values() if n.input[0] in biases]
    for node in seconds:
        node.op = "AddV2"
        node.attr.pop("data_format")
    return graph_def


def _take_weights(graph_def):
    """Makes large constants placeholders.

    tf2onnx would copy each of them twenty times. The runtime brings them
    into the order that it likes when it loads them.

    Returns:
        dict of the placeholder's name -> array.
    """
    import tensorflow as tf

    weights = {}
    for node in graph_def.node:
        tensor = node.attr["value"].tensor if node.op == "Const" else None
        if tensor is None or len(tensor.tensor_content) < _LARGE:
            continue
        weights[f"{node.name}:0"] = tf.make_ndarray(tensor)
        dtype, shape = tensor.dtype, tensor.tensor_shape
        placeholder = tf.compat.v1.NodeDef(name=node.name, op="Placeholder")
        placeholder.attr["dtype"].type = dtype
        placeholder.attr["shape"].shape.CopyFrom(shape)
        node.CopyFrom(placeholder)
    return weights


def _put_weights(graph, weights):
    """Makes inputs of an ONNX graph constants."""
    numpy_helper = optional.require("onnx.numpy_helper", EXTRA)
    inputs = [port for port in graph.input if port.name not in weights]
    used = {port.name for port in graph.input}
    del graph.input[:]
    graph.input.extend(inputs)
    graph.initializer.extend(
        numpy_helper.from_array(array, name)
        for name, array in weights.items()
        if name in used
    )
