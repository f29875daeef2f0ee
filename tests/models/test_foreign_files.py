"""ONNX and LiteRT files and SavedModels as per-frame segmenters."""

import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import layers
from model_checks import check_clip_and_stream, check_sizes_and_tensor_key
from model_tools import assert_close, scenes

import accel_tf
from accel_tf.models.per_frame import ForeignPerFrame, per_frame
from accel_tf.models.restore import restore_model

CLASSES = 4
_rng = np.random.default_rng(0)
KERNEL = 0.1 * _rng.standard_normal((CLASSES, 3, 4, 4)).astype("float32")
_only_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="writes TensorFlow graphs"
)


def expected_scores(frame):
    """What every file here gives: one convolution, stride 4."""
    batch, height, width, _ = frame.shape
    tiles = frame.astype("float32").reshape(
        batch, height // 4, 4, width // 4, 4, 3
    )
    return np.einsum("bhiwjc,ocij->bhwo", tiles, KERNEL)


def tensorflow_scores(image):
    import tensorflow as tf

    kernel = tf.constant(KERNEL.transpose(2, 3, 1, 0))
    image = tf.cast(image, "float32")
    return tf.nn.conv2d(image, kernel, 4, "VALID")


# === ONNX ===


def write_onnx(
    path, shape=("n", 3, "h", "w"), labels=False, inputs=1, dtype=1, outputs=1
):
    """A file with channels first; labels `[B, H, W]` are int64."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper = onnx.helper
    images = [
        helper.make_tensor_value_info(f"image_{index}", dtype, shape)
        for index in range(inputs)
    ]
    nodes = [
        helper.make_node(
            "Conv",
            ["image_0", "kernel"],
            ["scores_0"],
            kernel_shape=[4, 4],
            strides=[4, 4],
        )
    ]
    port, shape = helper.make_tensor_value_info, ["n", CLASSES, None, None]
    results = [port("scores_0", 1, shape)]
    if labels:
        nodes.append(
            helper.make_node(
                "ArgMax", ["scores_0"], ["labels"], axis=1, keepdims=1
            )
        )
        results = [port("labels", 7, ["n", 1, None, None])]
    for index in range(1, outputs):
        nodes.append(helper.make_node("Neg", ["scores_0"], [f"scores_{index}"]))
        results.append(port(f"scores_{index}", 1, shape))
    graph = helper.make_graph(
        nodes,
        "graph",
        images,
        results,
        [onnx.numpy_helper.from_array(KERNEL, "kernel")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.save(model, path)
    return path


def test_onnx_scores(tmp_path):
    model = per_frame(write_onnx(tmp_path / "net-1.onnx"))
    assert isinstance(model, ForeignPerFrame)
    assert (model.name, model.num_classes) == ("net_1", CLASSES)
    assert model.output_stride == 4
    frame = scenes(batch=2, height=64, width=96)[:, 0]
    scores = model.step(frame, {}, native_stride=True)[0]
    assert_close(scores, expected_scores(frame))
    for check in (check_clip_and_stream, check_sizes_and_tensor_key):
        check(lambda: model)


def test_onnx_normalises(tmp_path):
    path = write_onnx(tmp_path / "net.onnx")
    mean, std = np.array([1, 2, 3]), np.array([10, 20, 30])
    model = per_frame(path, mean=mean, std=std)
    frame = scenes(height=64, width=96)[:, 0]
    scores = model.step(frame, {}, native_stride=True)[0]
    assert_close(scores, expected_scores((frame - mean) / std))


def test_onnx_of_one_stream_and_size(tmp_path):
    path = write_onnx(tmp_path / "net.onnx", (1, 3, 48, 64), labels=True)
    model = per_frame(path, num_classes=CLASSES)
    frame = scenes(batch=2)[:, 0]
    labels = expected_scores(frame).argmax(-1)
    expected = labels.repeat(4, axis=1).repeat(4, axis=2)
    assert (accel_tf.VideoStream(model)(frame) == expected).all()
    assert to_numpy(model.step(frame, {})[0]).shape == (2, 48, 64, CLASSES)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"inputs": 2}, "must have one input, the images, not image_0"),
        ({"shape": ("n", 5, "h", "w")}, r"must take images \[B, H, W, 3\]"),
        ({"shape": ("n", 3, 64, "w")}, "one side fixed and one free"),
        ({"outputs": 2}, "outputs scores_0, scores_1: choose one by output="),
        ({"labels": True}, "say how many classes"),
    ],
)
def test_onnx_of_another_layout(tmp_path, options, message):
    path = write_onnx(tmp_path / "net.onnx", **options)
    with pytest.raises(ValueError, match=message) as error:
        per_frame(path)
    assert "\n" not in str(error.value)


def test_onnx_output_by_name(tmp_path):
    path = write_onnx(tmp_path / "net.onnx", outputs=2)
    frame = scenes(height=64, width=96)[:, 0]
    model = per_frame(path, output="scores_1")
    scores = model.step(frame, {}, native_stride=True)[0]
    assert_close(scores, -expected_scores(frame))


# === LiteRT ===


def write_litert(path, shape, function=tensorflow_scores, dtype="uint8"):
    import tensorflow as tf

    pytest.importorskip("ai_edge_litert")
    spec = tf.TensorSpec(shape, dtype, "image")
    concrete = tf.function(function, input_signature=[spec])
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [concrete.get_concrete_function()]
    )
    path.write_bytes(converter.convert())
    return path


def tensorflow_labels(image):
    import tensorflow as tf

    return tf.argmax(tensorflow_scores(image), -1)


@_only_tensorflow
def test_litert_labels(tmp_path):
    path = write_litert(
        tmp_path / "net.tflite", (1, 48, 64, 3), tensorflow_labels
    )
    model = per_frame(path, num_classes=CLASSES)
    assert model.program.gives_labels
    frame = scenes(batch=2)[:, 0]
    labels = expected_scores(frame).argmax(-1)
    expected = labels.repeat(4, axis=1).repeat(4, axis=2)
    assert (accel_tf.VideoStream(model)(frame) == expected).all()
    # Frames of another size are resized to it.
    large = frame.repeat(2, axis=1).repeat(2, axis=2)
    labels = accel_tf.VideoStream(model)(large)
    same = labels == expected.repeat(2, axis=1).repeat(2, axis=2)
    assert labels.shape == (2, 96, 128) and same.mean() > 0.9


@_only_tensorflow
def test_litert_of_any_size(tmp_path):
    path = write_litert(tmp_path / "net.tflite", (1, None, None, 3))
    model, message = restore_model(str(path))
    assert model.output_stride == 4 and "0 to 255" in message
    for size in ((64, 96), (48, 64)):
        frame = scenes(height=size[0], width=size[1])[:, 0]
        scores = model.step(frame, {}, native_stride=True)[0]
        assert_close(scores, expected_scores(frame))


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were")
def test_litert_of_whole_numbers(tmp_path):
    """What stands for the scores, and for normalised frames."""
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("ai_edge_litert")
    spec = tf.TensorSpec((1, 16, 16, 3), "float32", "image")
    concrete = tf.function(tensorflow_scores, input_signature=[spec])
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [concrete.get_concrete_function()]
    )
    images = scenes(length=8, height=16, width=16)[0].astype("float32") / 255
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None]] for x in images)
    ops_set = tf.lite.OpsSet.TFLITE_BUILTINS_INT8
    converter.target_spec.supported_ops = [ops_set]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    path = tmp_path / "net.tflite"
    path.write_bytes(converter.convert())
    model = per_frame(path, scale=1 / 255)
    frame = scenes(height=16, width=16)[:, 0]
    scores = to_numpy(model.step(frame, {}, native_stride=True)[0])
    expected = expected_scores(frame / 255)
    assert np.abs(scores - expected).max() < 0.05 * np.abs(expected).max()


# === SavedModels ===


def write_saved_model(folder, function=tensorflow_scores, dtype="float32"):
    import tensorflow as tf

    shape = [None] if dtype == "string" else [None, None, None, 3]
    module = tf.Module()
    module.f = tf.function(
        lambda image: {"scores": function(image)},
        input_signature=[tf.TensorSpec(shape, dtype, "image")],
    )
    tf.saved_model.save(
        module, str(folder), signatures={"serving_default": module.f}
    )
    return folder


@_only_tensorflow
def test_saved_model(tmp_path):
    folder = write_saved_model(tmp_path / "net")
    model, _ = restore_model(str(folder))
    assert model.name == "net" and model.num_classes == CLASSES
    frame = scenes(batch=2, height=64, width=96)[:, 0]
    scores = model.step(frame, {}, native_stride=True)[0]
    assert_close(scores, expected_scores(frame))
    check_clip_and_stream(lambda: model)


@_only_tensorflow
def test_saved_model_of_strings(tmp_path):
    folder = write_saved_model(tmp_path / "net", lambda x: x, "string")
    with pytest.raises(ValueError, match="takes strings, as exports of accel"):
        per_frame(folder)


# === Keras files and others ===


def test_keras_file(tmp_path):
    image = keras.Input((None, None, 3))
    network = keras.Model(image, layers.Conv2D(3, 4, 4)(image))
    network.save(tmp_path / "net.keras")
    model, message = restore_model(str(tmp_path / "net.keras"))
    assert model.num_classes == 3 and "net.keras" in message
    assert not model.runs_on_host
    with pytest.raises(ValueError, match="leave out --weights"):
        restore_model(str(tmp_path / "net.keras"), ["x.weights.h5"])


@pytest.mark.parametrize("name", ["net.onnx", "net.tflite", "net.keras"])
def test_damaged_files(tmp_path, name):
    for extra in ("onnxruntime", "ai_edge_litert"):
        pytest.importorskip(extra)
    path = tmp_path / name
    with pytest.raises(FileNotFoundError, match=f"no model file .*{name}"):
        restore_model(str(path))
    path.write_bytes(b"none of these")
    with pytest.raises(ValueError, match=name) as error:
        restore_model(str(path))
    assert "\n" not in str(error.value)


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(ValueError, match="is no model: it must be a .keras"):
        restore_model(str(tmp_path))
