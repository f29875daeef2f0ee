"""Programs for OpenVINO."""

from accel_tf.optional import require
from accel_tf.runtimes import openvino_bfloat16, openvino_layers
from accel_tf.runtimes.quantizer import quantize, without_telemetry

EXTRA = "openvino"


class OpenVINOProgram:
    """One program: an `.xml` file with a `.bin` file of weights beside it.

    Args:
        model: `openvino.Model`.
    """

    ending = ".xml"
    precisions = ("float32", "bfloat16", "int8")

    def __init__(self, model):
        self.model = model

    @classmethod
    def require_runtime(cls):
        """An ImportError if the runtime is not installed."""
        with without_telemetry():
            return require("openvino", EXTRA)

    @classmethod
    def require_converter(cls, precision):
        """An ImportError if what converts to it is not installed."""
        if precision == "int8":
            with without_telemetry():
                require("nncf", EXTRA)

    @classmethod
    def convert(cls, graph, precision):
        """Makes the program of a `StepGraph`, for int8 in float32.

        See `quantize`. In bfloat16 the graph has the types already.
        """
        openvino = cls.require_runtime()
        import tensorflow as tf

        graph_def = graph.graph_def
        if precision == "bfloat16":
            graph_def = openvino_bfloat16.with_stand_in(graph_def)
        with tf.Graph().as_default() as tf_graph:
            tf.import_graph_def(graph_def, name="")
        with without_telemetry():
            model = openvino.convert_model(tf_graph)
        if precision == "bfloat16":
            openvino_bfloat16.narrow(model)
        if precision == "int8":
            openvino_layers.name_products(model, graph.graph_def)
        return cls(model)

    def quantize(self, feeds, kept=()):
        """Makes the program in whole numbers.

        Args:
            feeds: list of dicts of an input's name -> array, from which the
                ranges are taken.
            kept: names of layers that stay in float32.

        Returns:
            `OpenVINOProgram`.
        """
        feeds = [
            {f"{name}:0": array for name, array in feed.items()}
            for feed in feeds
        ]
        kept = {*openvino_layers.exempt(self.model), *kept}
        return OpenVINOProgram(quantize(self.model, feeds, kept, EXTRA))

    def products(self):
        """list of `Layer`: convolutions and matrix products."""
        return openvino_layers.products(self.model)

    def quantized(self):
        """list of `Layer`: what is computed in whole numbers."""
        return openvino_layers.quantized(self.model)

    def comparison(self, whole, names, output):
        """The program of `openvino_layers.comparison` with one in int8."""
        return OpenVINOProgram(
            openvino_layers.comparison(self.model, whole.model, names, output)
        )

    @classmethod
    def read(cls, path):
        return cls(cls.require_runtime().Core().read_model(path))

    def write(self, path):
        """Writes the program; gives the names of its files."""
        self.require_runtime().save_model(
            self.model, path, compress_to_fp16=False
        )
        return [path.name, path.with_suffix(".bin").name]

    def compile(self, inputs, outputs, threads):
        """`run(arrays) -> arrays`, in the order of the lists of `Tensor`."""
        core = self.require_runtime().Core()
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            # By default bfloat16, where the processor has it, whatever the
            # types of the operations.
            "INFERENCE_PRECISION_HINT": "f32",
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        model = openvino_bfloat16.fitting(self.model, core)
        compiled = core.compile_model(model, "CPU", settings)
        request = compiled.create_infer_request()
        names = set().union(*(port.names for port in compiled.inputs))
        used = [f"{tensor.name}:0" in names for tensor in inputs]
        ports = [compiled.output(f"{tensor.name}:0") for tensor in outputs]

        def run(arrays):
            feed = {
                f"{tensor.name}:0": array
                for tensor, array, use in zip(inputs, arrays, used, strict=True)
                if use
            }
            results = request.infer(feed, share_inputs=True)
            return [results[port] for port in ports]

        return run
