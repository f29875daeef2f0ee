"""The models that the conformance tests ask for, and a `models.config`.

For a server that runs elsewhere, such as in a container:

    python tests/conformance_models.py FOLDER --mounted-at /models

`half_plus_two` is the model of TensorFlow Serving's own tests; `echo` gives
back what it gets, in a signature for each type; `streams` is an export.
"""

import argparse
import pathlib

import tensorflow as tf
from exported_models import SumsFrames

from accel_tf.serving.export import export_saved_model

V1 = tf.compat.v1
INTERVAL = 3
"""Of the model `streams`."""

_TYPES = {
    "bfloat16": tf.bfloat16,
    "bool": tf.bool,
    "complex64": tf.complex64,
    "double": tf.float64,
    "float": tf.float32,
    "half": tf.float16,
    "int32": tf.int32,
    "int64": tf.int64,
    "string": tf.string,
    "uint16": tf.uint16,
}
_CONFIG = """model_config_list {{
  config {{
    name: "half_plus_two"
    base_path: "{0}/half_plus_two"
    model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 45 versions: 123 }} }}
    version_labels {{ key: "stable" value: 123 }}
    version_labels {{ key: "old" value: 45 }}
  }}
  config {{
    name: "echo"
    base_path: "{0}/echo"
    model_platform: "tensorflow"
  }}
  config {{
    name: "streams"
    base_path: "{0}/streams"
    model_platform: "tensorflow"
  }}
}}
"""


def write_models(folder, mounted_at=None):
    """Writes the models and `models.config` into an empty folder.

    Args:
        folder: where to write.
        mounted_at: where the server finds the folder; by default there.

    Returns:
        `pathlib.Path` of `models.config`.
    """
    folder = pathlib.Path(folder).absolute()
    for version in (45, 123):
        _save_half_plus_two(folder / "half_plus_two" / str(version))
    _save_echo(folder / "echo" / "1")
    export_streams(folder / "streams")
    path = folder / "models.config"
    path.write_text(_CONFIG.format(mounted_at or folder))
    return path


def export_streams(folder):
    """Exports the model `streams`; gives the path of the version."""
    return export_saved_model(
        SumsFrames(), folder, interval=INTERVAL, warm_up_size=(8, 8)
    )


def _save_half_plus_two(path):
    with V1.Graph().as_default() as graph:
        x = V1.placeholder(tf.float32, [None, 1], name="x")
        half_plus_two = {"y": x * 0.5 + 2}
        examples = V1.placeholder(tf.string, [None], name="examples")
        parsed = tf.io.parse_example(
            examples, {"x": tf.io.FixedLenFeature([1], tf.float32)}
        )
        result = parsed["x"] * 0.5 + 2
        inputs = {"inputs": examples}
        signatures = {
            "serving_default": ({"x": x}, half_plus_two, "predict"),
            "classify_x_to_y": (inputs, {"scores": result}, "classify"),
            "regress_x_to_y": (inputs, {"outputs": result}, "regress"),
        }
        _save(graph, signatures, path)


def _save_echo(path):
    signatures = {}

    def add(name, change=None, **types):
        inputs = {
            key: V1.placeholder(_TYPES[type_]) for key, type_ in types.items()
        }
        outputs = (change or _same)(**inputs)
        signatures[name] = inputs, outputs, "predict"

    with V1.Graph().as_default() as graph:
        for type_ in _TYPES:
            add(type_, default=type_)
        add("two", a="int32", b="int32")
        add("columns", int_tensor="int32")
        add("several", i="int32", s="string", f="float", d="double")
        add("bytes", lambda x: {"x_bytes": tf.identity(x)}, x="string")
        add("sum", lambda x: {"sum": tf.reduce_sum(x)}, x="float")
        add("none", lambda x: {"none": x[:0]}, x="float")
        add("uneven", lambda x: {"a": x[:2], "b": x[:1]}, x="float")
        add("to_half", lambda x: {"x": tf.cast(x, tf.float16)}, x="float")
        _save(graph, signatures, path)


def _same(**inputs):
    return {key: tf.identity(value) for key, value in inputs.items()}


def _save(graph, signatures, path):
    utils = V1.saved_model.signature_def_utils
    build_info = V1.saved_model.build_tensor_info

    def infos(tensors):
        return {key: build_info(tensor) for key, tensor in tensors.items()}

    # The way of TensorFlow 1, as another says that all are for predict.
    builder = V1.saved_model.Builder(str(path))
    with V1.Session(graph=graph) as session:
        builder.add_meta_graph_and_variables(
            session,
            [tf.saved_model.SERVING],
            {
                name: utils.build_signature_def(
                    infos(inputs), infos(outputs), f"tensorflow/serving/{kind}"
                )
                for name, (inputs, outputs, kind) in signatures.items()
            },
        )
    builder.save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--mounted-at", metavar="DIR")
    print(write_models(**vars(parser.parse_args())))
