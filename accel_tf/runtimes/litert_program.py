"""Programs for LiteRT (TensorFlow Lite), the runtime of small devices."""

from accel_tf.files import write_bytes
from accel_tf.optional import require
from accel_tf.quiet_start import quiet_tensorflow

EXTRA = "litert"


class LiteRTProgram:
    """One program: a `.tflite` file.

    Args:
        content: bytes of the file.
    """

    ending = ".tflite"
    precisions = ("float32", "float16")

    def __init__(self, content):
        self.content = content

    @classmethod
    def require_runtime(cls):
        """An ImportError if the runtime is not installed."""
        return require("ai_edge_litert.interpreter", EXTRA)

    @classmethod
    def require_converter(cls, precision):
        """TensorFlow converts by itself."""

    @classmethod
    def convert(cls, graph, precision):
        """Makes the program of a `StepGraph`; the weights in `precision`."""
        import tensorflow as tf

        with quiet_tensorflow():
            converter = tf.lite.TFLiteConverter.from_concrete_functions(
                [_function(graph)]
            )
            if precision == "float16":
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
                converter.target_spec.supported_types = [tf.float16]
            return cls(converter.convert())

    @classmethod
    def read(cls, path):
        return cls(path.read_bytes())

    def write(self, path):
        """Writes the program; gives the names of its files."""
        write_bytes(path, self.content)
        return [path.name]

    def compile(self, inputs, outputs, threads):
        """`run(arrays) -> arrays`, in the order of the lists of `Tensor`."""
        interpreter = self.require_runtime().Interpreter(
            model_content=self.content, num_threads=threads
        )
        interpreter.allocate_tensors()
        sources = _indices(interpreter.get_input_details())
        results = _indices(interpreter.get_output_details())

        def run(arrays):
            for tensor, array in zip(inputs, arrays, strict=True):
                if tensor.name in sources:
                    interpreter.set_tensor(sources[tensor.name], array)
            interpreter.invoke()
            return [interpreter.get_tensor(results[t.name]) for t in outputs]

        return run


def _indices(details):
    return {entry["name"]: entry["index"] for entry in details}


def _function(graph):
    """The `tf.ConcreteFunction` of a `StepGraph`."""
    import tensorflow as tf

    function = tf.compat.v1.wrap_function(
        lambda: tf.import_graph_def(graph.graph_def, name=""), []
    )
    return function.prune(
        *(
            [function.graph.get_tensor_by_name(f"{t.name}:0") for t in tensors]
            for tensors in (graph.inputs, graph.outputs)
        )
    )
