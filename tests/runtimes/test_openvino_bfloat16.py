"""bfloat16 in OpenVINO: which operation computes in which precision."""

import functools

import numpy as np
import openvino
import pytest
import tensorflow as tf
from clip_models import tiny_classifier
from model_tools import scenes
from small_models import ALL_SMALL_MODELS, small_deeplab, small_dff

import accel_tf
from accel_tf import processor
from accel_tf.runtimes import load_runtime, openvino_bfloat16, to_runtime
from accel_tf.runtimes.export import prepare_runtime
from accel_tf.runtimes.forms import form_for


@functools.cache
def low():
    return accel_tf.fuse_for_inference(small_dff(), "bfloat16")


@functools.cache
def in_openvino():
    """Deep Feature Flow; no test changes it."""
    return to_runtime(low(), "openvino", "bfloat16", threads=1)


def program(is_key):
    key, other = in_openvino().programs(48, 64).all_programs()
    return key if is_key else other


def type_of(op):
    return op.outputs()[0].get_element_type().to_string()


def types(model):
    """dict of an operation's name -> what it gives."""
    return {
        op.get_friendly_name(): type_of(op)
        for op in model.get_ops()
        if op.outputs()
    }


def has_instructions():
    known = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in known


class OtherProcessor:
    """In the place of a `Core`, of a processor without bfloat16."""

    def get_property(self, device, name):
        return ["FP32", "INT8"]


def stream(model, frames):
    video_stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(5))
    return np.stack([np.asarray(video_stream(x[None]))[0] for x in frames])


# === Precisions ===


def test_the_program_has_the_types_of_the_form():
    model = program(is_key=False).content.model
    found = {
        (op.get_type_name(), type_of(op))
        for op in model.get_ops()
        if op.outputs()
    }
    assert not any(kind in ("f64", "dynamic") for _, kind in found)
    # Flow and scores come from convolutions in float32.
    assert {("Convolution", "bf16"), ("Convolution", "f32")} < found
    # The warp: where it looks, and what it gathers.
    for name in ("Floor", "GatherV2", "Maximum", "Minimum", "TopK"):
        assert (name.removesuffix("V2"), "bf16") not in found
    assert {("Floor", "f32"), ("Gather", "f32"), ("TopK", "f32")} < found
    assert ("AvgPool", "bf16") not in found
    for port in (*model.inputs, *model.outputs):
        assert port.get_element_type().to_string() in ("f32", "u8")


@pytest.mark.skipif(not has_instructions(), reason="computed in float32")
@pytest.mark.parametrize("is_key", [True, False])
def test_every_operation_is_computed_in_its_type(is_key, monkeypatch):
    compiled = []
    compile_model = openvino.Core.compile_model
    monkeypatch.setattr(
        openvino.Core,
        "compile_model",
        lambda *args: compiled.append(compile_model(*args)) or compiled[-1],
    )
    one = program(is_key)
    one.content.compile(one.inputs, one.outputs, 1)
    given = types(one.content.model)
    counts = {"bf16": 0, "f32": 0}
    for node in compiled[0].get_runtime_model().get_ops():
        info = {k: str(v.value) for k, v in node.get_rt_info().items()}
        names = info["originalLayersNames"].split(",")
        known = {given[name] for name in names if name in given}
        # What is put together ends with what was last.
        if known == {"f32"} and node.outputs():
            assert type_of(node) == "f32", info
        if info["layerType"] in ("Convolution", "Deconvolution"):
            assert known == {info["runtimePrecision"]}, info
            counts[info["runtimePrecision"]] += 1
    assert counts["bf16"] > 10
    # Of frames, offsets or flow, and scores; and two wide ones of the small
    # flow network's few channels.
    assert counts["f32"] == (3 if is_key else 5)


def test_weights_take_less_room(tmp_path):
    path = tmp_path / "key.xml"
    program(is_key=True).content.write(path)
    wide = openvino_bfloat16.fitting(
        program(is_key=True).content.model, OtherProcessor()
    )
    openvino.save_model(wide, tmp_path / "wide.xml", compress_to_fp16=False)
    sizes = [
        path.with_suffix(".bin").stat().st_size,
        (tmp_path / "wide.bin").stat().st_size,
    ]
    assert sizes[0] < 0.75 * sizes[1]


# === Labels ===


def test_labels_are_about_those_of_the_form():
    frames = scenes(length=3)[0]
    state, wanted = low().initial_state(1, 48, 64), []
    for index, frame in enumerate(frames):
        scores, state = low().step(frame[None], state, is_key=index == 0)
        wanted.append(np.argmax(scores[0], -1))
    actual = stream(in_openvino(), frames)
    assert len(np.unique(wanted)) > 2
    assert np.mean(actual == wanted) > 0.97


def test_another_processor_computes_in_float32():
    model = program(is_key=False).content.model
    wide = openvino_bfloat16.fitting(model, OtherProcessor())
    assert "bf16" not in types(wide).values()
    assert "bf16" in types(model).values()
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 255, (1, 48, 64, 3), dtype=np.uint8)
    feed = {"frame:0": frame} | {
        f"state_{name}:0": rng.uniform(-1, 1, value.shape).astype(np.float32)
        for name, value in in_openvino().initial_state(1, 48, 64).items()
    }
    outputs = [
        openvino.compile_model(
            each, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
        )(feed)
        for each in (model, wide)
    ]
    labels, features = "labels:0", "next_features:0"
    assert np.mean(outputs[0][labels] == outputs[1][labels]) > 0.97
    error = outputs[0][features] - outputs[1][features]
    assert np.sqrt(np.mean(error**2)) < 0.05 * outputs[1][features].std()
    # Programs in other precisions are left alone.
    assert openvino_bfloat16.fitting(wide, OtherProcessor()) is wide


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL_SMALL_MODELS)
def test_all_systems(name):
    frames = scenes(length=6, height=128, width=192)[0]
    model = ALL_SMALL_MODELS[name]()
    labels = [
        stream(
            to_runtime(
                accel_tf.fuse_for_inference(model, precision),
                "openvino",
                precision,
                threads=1,
            ),
            frames,
        )
        for precision in ("float32", "bfloat16")
    ]
    assert len(np.unique(labels[0])) > 2
    assert 0.95 < np.mean(labels[0] == labels[1]) < 1


@pytest.mark.slow
def test_a_classifier():
    model = tiny_classifier(frames=9)
    clip = scenes(length=9, height=64, width=64)
    wanted, actual = (
        np.asarray(
            to_runtime(
                accel_tf.fuse_for_inference(model, precision),
                "openvino",
                precision,
            ).probabilities(clip)
        )
        for precision in ("float32", "bfloat16")
    )
    assert 0 < np.abs(actual - wanted).max() < 0.02


# === Files and mistakes ===


@pytest.mark.parametrize("multiplies", [False, True])
def test_the_same_after_loading(tmp_path, multiplies, monkeypatch, capsys):
    model = in_openvino()
    model.programs(48, 64).all_programs()
    model.save(tmp_path / "saved")
    loaded = load_runtime(tmp_path / "saved", threads=1)
    assert loaded.info.precision == "bfloat16"
    monkeypatch.setattr(processor, "multiplies_bfloat16", lambda: multiplies)
    assert prepare_runtime(loaded) is loaded
    told = capsys.readouterr().err
    assert ("only weights are rounded to it" in told) is not multiplies
    frames = scenes(length=3)[0]
    np.testing.assert_array_equal(stream(loaded, frames), stream(model, frames))


def test_infinite_and_single_numbers():
    array = np.array([1.0, -np.inf, 3e38, 0.1], np.float32)
    for each in (array, np.float32(0.1), array[:0]):
        constant = openvino_bfloat16._in_bfloat16(np.asarray(each))
        assert list(constant.get_output_shape(0)) == list(np.shape(each))
        wanted = np.asarray(tf.cast(tf.cast(each, "bfloat16"), "float32"))
        np.testing.assert_array_equal(
            constant.get_data(dtype=np.float32), wanted
        )


def test_float64_is_refused():
    with tf.Graph().as_default() as graph:
        tf.cast(tf.compat.v1.placeholder("float64", (2,)), "bfloat16")
    with pytest.raises(ValueError, match="is float64 beside bfloat16"):
        openvino_bfloat16.with_stand_in(graph.as_graph_def())


def test_mistakes():
    plain = accel_tf.fuse_for_inference(small_deeplab())
    for model, precision, expected in (
        (
            low(),
            "float32",
            "is fused in bfloat16, of which programs in float32",
        ),
        (plain, "bfloat16", r'what .* "bfloat16"\) makes, which .* is not'),
    ):
        with pytest.raises(ValueError, match=expected) as caught:
            to_runtime(model, "openvino", precision)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="one of float32, int8, got 'bfloat16"):
        to_runtime(low(), "onnxruntime", "bfloat16")


def test_the_form_of_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(processor, "multiplies_bfloat16", lambda: False)
    # Of no use to a runtime that computes on the processor.
    monkeypatch.setattr(processor, "_has_gpu", lambda: True)
    model = small_deeplab()
    made = form_for(model, "openvino", "bfloat16")
    assert accel_tf.models.fuse.precision_of(made) == "bfloat16"
    assert "only weights are rounded to it" in capsys.readouterr().err
