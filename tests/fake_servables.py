"""A model manager and models in plain NumPy, for tests of the REST front end.

`half_plus_two`, the model of TensorFlow Serving's own tests, gives x / 2 + 2;
`echo` gives back what it gets, in one signature for each kind of input.
"""

import contextlib

import numpy as np

from accel_tf.serving.tensors import (
    ServingError,
    Signature,
    TensorInfo,
    VersionStatus,
)


class FakeServable:
    """A model of functions: name of the signature -> (Signature, function).

    A function takes and gives a dict of arrays.
    """

    def __init__(self, name, version, functions):
        self.name, self.version = name, version
        self._functions = {key: run for key, (_, run) in functions.items()}
        self.signatures = {key: one for key, (one, _) in functions.items()}
        self.in_use = 0
        self.inputs = None

    @property
    def signature_defs(self):
        return {
            key: signature_def(signature)
            for key, signature in self.signatures.items()
        }

    def run(self, signature_name, inputs):
        assert self.in_use > 0
        assert inputs.keys() == self.signatures[signature_name].inputs.keys()
        self.inputs = inputs
        return self._functions[signature_name](inputs)


class FakeManager:
    """Knows models from the start: name -> list of servables.

    Args:
        models: name -> list of `FakeServable`.
        labels: (name, label) -> version.
    """

    def __init__(self, models, labels):
        self.models, self.labels = models, labels

    @contextlib.contextmanager
    def servable(self, name, version=None, label=None):
        if label is not None and name in self.models:
            if (name, label) not in self.labels:
                raise ServingError(
                    "INVALID_ARGUMENT",
                    f"Unrecognized servable version label: {label}",
                )
            version = self.labels[name, label]
        found = [
            one
            for one in self.models.get(name, ())
            if version in (None, one.version)
        ]
        if not found:
            wanted = (
                f"Latest({name})"
                if version is None
                else f"Specific({name}, {version})"
            )
            raise ServingError(
                "NOT_FOUND", f"Servable not found for request: {wanted}"
            )
        chosen = max(found, key=lambda one: one.version)
        chosen.in_use += 1
        try:
            yield chosen
        finally:
            chosen.in_use -= 1

    def versions(self, name, version=None):
        found = [
            VersionStatus(one.version, "AVAILABLE")
            for one in self.models.get(name, ())
            if version in (None, one.version)
        ]
        if not found:
            wanted = "any versions" if version is None else f"version {version}"
            raise ServingError(
                "NOT_FOUND", f"Could not find {wanted} of model {name}"
            )
        return found

    def metrics_text(self):
        return "# TYPE requests counter\nrequests 1\n"


def half_plus_two(version):
    """The model of TensorFlow Serving's own tests."""

    def examples(inputs):
        import tensorflow as tf

        values = []
        for message in inputs["inputs"]:
            features = tf.train.Example.FromString(message).features.feature
            if len(features["x"].float_list.value) != 1:
                raise ServingError("INVALID_ARGUMENT", "x is one float")
            values.append(features["x"].float_list.value[0])
        return np.array(values, np.float32)[:, None] * 0.5 + 2

    x, strings = TensorInfo("float", (None, 1)), TensorInfo("string", (None,))
    predict = Signature(
        {"x": x},
        {"y": x},
        "tensorflow/serving/predict",
        {"x": "x:0"},
        {"y": "y:0"},
    )
    classify = Signature(
        {"inputs": strings}, {"scores": x}, "tensorflow/serving/classify"
    )
    regress = Signature(
        {"inputs": strings}, {"outputs": x}, "tensorflow/serving/regress"
    )
    return FakeServable(
        "half_plus_two",
        version,
        {
            "serving_default": (predict, lambda v: {"y": v["x"] / 2 + 2}),
            "classify_x_to_y": (classify, lambda v: {"scores": examples(v)}),
            "regress_x_to_y": (regress, lambda v: {"outputs": examples(v)}),
        },
    )


def signature(**dtypes):
    """A predict signature whose outputs are named as its inputs."""
    infos = {name: TensorInfo(dtype, None) for name, dtype in dtypes.items()}
    return Signature(infos, infos, "tensorflow/serving/predict")


def echo():
    """A model that gives back what it gets, or fails when asked to."""

    def fail(error):
        def run(inputs):
            raise error

        return signature(x="float"), run

    kinds = {
        "serving_default": {"x": "float"},
        "int32": {"x": "int32"},
        "uint8": {"x": "uint8"},
        "int64": {"x": "int64"},
        "double": {"x": "double"},
        "bool": {"x": "bool"},
        "half": {"x": "half"},
        "string": {"x": "string"},
        "bytes": {"x_bytes": "string"},
        "ids": {"stream_id": "int64"},
        "frames": {"image_bytes": "string", "id": "int64", "force": "bool"},
    }
    functions = {
        name: (signature(**dtypes), dict) for name, dtypes in kinds.items()
    }
    functions["nothing"] = signature(), lambda _: {"count": np.array([3])}
    functions["bug"] = fail(KeyError("a\nlong\nstory"))
    functions["busy"] = fail(ServingError("RESOURCE_EXHAUSTED", "too busy"))
    return FakeServable("echo", 1, functions)


def fake_manager():
    """`half_plus_two` with the versions 123, labelled `stable`, and 45."""
    return FakeManager(
        {
            "half_plus_two": [half_plus_two(45), half_plus_two(123)],
            "echo": [echo()],
        },
        {("half_plus_two", "stable"): 123, ("half_plus_two", "old"): 45},
    )


def signature_def(signature):
    """The `tensorflow.SignatureDef` message that a signature stands for."""
    import tensorflow as tf
    from tensorflow.core.protobuf import meta_graph_pb2

    def fill(messages, infos, names):
        for name, info in infos.items():
            message = messages[name]
            message.name = names.get(name, f"{name}:0")
            message.dtype = getattr(
                tf.dtypes, {"float": "float32"}.get(info.dtype, info.dtype)
            ).as_datatype_enum
            if info.shape is None:
                message.tensor_shape.unknown_rank = True
                continue
            for size in info.shape:
                message.tensor_shape.dim.add(size=-1 if size is None else size)

    result = meta_graph_pb2.SignatureDef(method_name=signature.method_name)
    fill(result.inputs, signature.inputs, signature.input_names)
    fill(result.outputs, signature.outputs, signature.output_names)
    return result
