"""A model's labels in other runtimes are those in TensorFlow."""

import functools
import os
import sys

import keras
import numpy as np
import pytest
from fake_segmenters import CountsFrames, PaintedLabels, RepeatsKeyFrame
from keras import ops
from model_tools import scenes
from small_models import (
    SMALL_MODELS,
    SMALL_PYRAMID_MODELS,
    small_dff,
    small_light_deeplab,
)

import accel_tf
from accel_tf.evaluation import evaluate
from accel_tf.evaluation.report import report_row
from accel_tf.evaluation.timing import measure_steps
from accel_tf.runtimes import RUNTIMES, to_runtime

MODELS = SMALL_MODELS | SMALL_PYRAMID_MODELS
MODELS["blended"] = lambda: small_dff(blend=4)
# Key frames and, once, deformable convolutions.
FAST = [
    ("openvino", "dff"),
    ("onnxruntime", "accel"),
    ("litert", "blended"),
]
SLOW = [
    (runtime, name)
    for runtime in RUNTIMES
    for name in MODELS
    if (runtime, name) not in FAST
]


@functools.cache
def fused(name):
    model = MODELS[name]()
    if model.uses_key_frames:
        # Slow enough for several warps to leave something within the frame.
        flow = model.flow_network.get_layer("Convolution5")
        flow.set_weights([0.2 * weight for weight in flow.get_weights()])
    return accel_tf.fuse_for_inference(model)


@functools.cache
def in_openvino():
    """Deep Feature Flow; no test changes it."""
    return to_runtime(fused("dff"), "openvino", threads=1)


@functools.cache
def clip(height=48, width=64):
    return scenes(length=11, height=height, width=width)[0]


def stream(model, frames):
    """`(labels, states)` of every frame, with two key frames."""
    video_stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(6))
    labels, states = [], []
    for frame in frames:
        labels.append(video_stream(frame[None])[0])
        states.append(
            {n: np.asarray(x) for n, x in video_stream._state.items()}
        )
    return np.stack(labels), states


@functools.cache
def expected(name, height=48, width=64):
    return stream(fused(name), clip(height, width))


def assert_same_stream(model, name, height=48, width=64):
    labels, states = stream(model, clip(height, width))
    wanted, wanted_states = expected(name, height, width)
    assert labels.dtype == np.uint8
    # Every frame has several classes, and no two are alike.
    assert len(np.unique(wanted)) > 2
    assert (wanted[1:] != wanted[:-1]).any((1, 2)).all()
    assert np.mean(labels == wanted) >= 0.999
    for state, wanted_state in zip(states, wanted_states, strict=True):
        assert state.keys() == wanted_state.keys()
        for key, value in wanted_state.items():
            assert state[key].dtype == value.dtype
            scale = max(1.0, float(np.abs(value).max()))
            np.testing.assert_allclose(
                state[key], value, rtol=0, atol=1e-3 * scale
            )


# === Same labels ===


@pytest.mark.parametrize("runtime, name", FAST)
def test_same_labels(runtime, name):
    if (runtime, name) == ("openvino", "dff"):
        model = in_openvino()
    else:
        model = to_runtime(fused(name), runtime, threads=1)
    assert_same_stream(model, name)


@pytest.mark.slow
@pytest.mark.parametrize("runtime, name", SLOW)
def test_same_labels_of_all_systems(runtime, name):
    # ONNX Runtime needs maps of more than one pixel.
    size = (128, 192) if name == "td2_fanet" else (48, 64)
    model = to_runtime(fused(name), runtime, threads=1)
    assert_same_stream(model, name, *size)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_propagated_model_with_the_flow_of_the_package(runtime):
    model = accel_tf.fuse_for_inference(
        accel_tf.propagate(small_light_deeplab(), "small", trust="both")
    )
    wanted, _ = stream(model, clip())
    labels, _ = stream(to_runtime(model, runtime, threads=1), clip())
    assert (wanted[1:] != wanted[:-1]).any((1, 2)).all()
    assert np.mean(labels == wanted) >= 0.999


def test_a_model_that_is_not_fused():
    model = MODELS["deeplab"]()
    labels, _ = stream(to_runtime(model, "openvino", threads=1), clip())
    wanted, _ = stream(model, clip())
    assert np.mean(labels == wanted) >= 0.999


@pytest.mark.slow
def test_fewer_bytes_in_float16(tmp_path):
    frames = clip()
    sizes, labels = {}, {}
    for precision in ("float32", "float16"):
        model = to_runtime(fused("dff"), "litert", precision, threads=1)
        labels[precision], _ = stream(model, frames)
        model.save(tmp_path / precision)
        file = tmp_path / precision / "48x64" / "key.tflite"
        sizes[precision] = file.stat().st_size
    assert sizes["float16"] < 0.9 * sizes["float32"]
    assert np.mean(labels["float16"] == labels["float32"]) > 0.98
    assert np.mean(labels["float16"] == expected("dff")[0]) > 0.98


def test_models_without_networks():
    frames = np.random.default_rng(0).integers(
        0, 4, (5, 6, 8, 3), dtype=np.uint8
    )
    for kind in (PaintedLabels, RepeatsKeyFrame, CountsFrames):
        model = kind(num_classes=4)
        converted = to_runtime(model, "openvino", threads=1)
        assert converted.uses_key_frames == model.uses_key_frames
        labels, _ = stream(converted, frames)
        wanted, _ = stream(model, frames)
        np.testing.assert_array_equal(labels, wanted)


@pytest.mark.slow
def test_several_sizes():
    model = to_runtime(fused("dff"), "openvino", threads=1)
    assert_same_stream(model, "dff")
    assert_same_stream(model, "dff", 49, 66)
    assert sorted(model.sizes) == [(48, 64), (49, 66)]


# === Programs ===


class TakesTurns(PaintedLabels):
    """Two paths take turns, and the first frame has nothing to look at."""

    def initial_state(self, batch_size, height, width):
        start = ops.zeros((batch_size,), "int32")
        return {"phase": start, "buffered_frames": start}

    def step(self, frame, state, is_key=True):
        logits, _ = super().step(frame, {})
        return logits, {"phase": 1 - state["phase"], "buffered_frames": 1}


@pytest.mark.parametrize(
    "make",
    [
        lambda: TakesTurns(num_classes=4),
        pytest.param(lambda: fused("td2"), marks=pytest.mark.slow),
    ],
    ids=["painted", "td2"],
)
def test_one_program_for_each_turn(make):
    programs = to_runtime(make(), "openvino").programs(48, 64)
    kinds = sorted(str(p.kind) for p in programs.all_programs())
    assert kinds == [
        "key-buffered_frames0-phase0",
        "key-buffered_frames1-phase0",
        "key-buffered_frames1-phase1",
    ]


def test_a_key_frame_asks_nothing_of_the_state():
    programs = in_openvino().programs(48, 64)
    key, other = programs.all_programs()
    assert (str(key.kind), key.state_before) == ("key", [])
    assert (str(other.kind), other.state_before) == (
        "nonkey",
        ["features", "flow_image"],
    )


class CountsForEver(PaintedLabels):
    """A segmenter whose counter never repeats."""

    def initial_state(self, batch_size, height, width):
        return {"count": ops.zeros((batch_size,), "int32")}

    def step(self, frame, state, is_key=True):
        logits, _ = super().step(frame, {})
        return logits, {"count": state["count"] + 1}


@pytest.mark.slow
def test_an_endless_counter_is_refused():
    model = to_runtime(CountsForEver(num_classes=4), "openvino")
    with pytest.raises(ValueError, match="no end of programs"):
        model.programs(6, 8).all_programs()


def test_the_state_given_is_left_as_it_was():
    model = in_openvino()
    step, frames = model.compile_step(), clip()
    _, state = step(frames[:1], model.initial_state(1, 48, 64), True)
    before = {name: value.copy() for name, value in state.items()}
    labels, _ = step(frames[1:2], state, False)
    step(frames[2:3], state, False)
    for name, value in before.items():
        np.testing.assert_array_equal(state[name], value)
    again, _ = step(frames[1:2], state, False)
    np.testing.assert_array_equal(again, labels)


# === As a model ===


def test_evaluation_and_timing():
    model, converted = fused("dff"), in_openvino()
    assert converted.name == model.name
    assert converted.num_classes == model.num_classes
    assert converted.label_map == model.label_map
    assert converted.count_params() == model.count_params()
    labels = expected("dff")[0]
    sequence = {
        "frames": clip(),
        "labels": labels[..., None],
        "label_positions": range(11),
    }
    evaluation = evaluate(converted, [sequence], 6, "stream")
    assert evaluation.mean_iou > 0.99
    times = measure_steps({"dff": converted}, clip()[:2], rounds=1)
    row = report_row(
        "dff",
        converted,
        evaluation,
        converted.label_map.names,
        48,
        64,
        times["dff"],
    )
    cost = model.multiply_adds(48, 64)
    assert row["key_multiply_adds"] == cost["key"]
    assert row["non_key_multiply_adds"] == cost["non_key"]


@pytest.mark.slow
def test_the_environment_is_left_as_it_was(monkeypatch):
    to_runtime(fused("dff"), "openvino").programs(48, 64).all_programs()
    assert "CI" not in os.environ
    monkeypatch.setenv("CI", "no")
    to_runtime(fused("dff"), "openvino").programs(48, 64).all_programs()
    assert os.environ["CI"] == "no"


# === Mistakes ===


def assert_refused(match, *args, error=ValueError, **kwargs):
    with pytest.raises(error, match=match) as caught:
        to_runtime(*args, **kwargs)
    assert "\n" not in str(caught.value)


def test_mistakes():
    model = fused("dff")
    assert_refused(
        "runtime must be one of openvino, .* got 'tpu'", model, "tpu"
    )
    assert_refused(
        "precision of onnxruntime must be one of float32, int8, got 'float16'",
        model,
        "onnxruntime",
        "float16",
    )
    assert_refused(
        "precision of openvino must be one of float32, bfloat16, int8",
        model,
        "openvino",
        "float16",
    )
    assert_refused("threads must be 1 or more", model, "openvino", threads=0)
    assert_refused("not a Sequential", keras.Sequential(), "openvino")
    assert_refused("int8 needs calibration_frames", model, "openvino", "int8")
    frames = list(clip())
    assert_refused(
        "calibration_frames are for int8",
        model,
        "openvino",
        calibration_frames=frames,
    )
    assert_refused(
        "10 frames or more, got 3", model, "openvino", "int8", frames[:3]
    )
    assert_refused(
        "min_agreement and on_report are for int8",
        model,
        "openvino",
        min_agreement=0.99,
    )
    assert_refused(
        "a share above 0, at most 1, such as 0.99; got 99",
        model,
        "openvino",
        "int8",
        frames,
        min_agreement=99,
    )
    grey = [frame[..., 0] for frame in frames]
    assert_refused(r"uint8 \[H, W, 3\], got", model, "openvino", "int8", grey)


def test_another_backend(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert_refused("set KERAS_BACKEND=tensorflow", fused("dff"), "openvino")


@pytest.mark.parametrize(
    "runtime, module, extra",
    [
        ("openvino", "openvino", "openvino"),
        ("onnxruntime", "onnxruntime", "onnx"),
        ("onnxruntime", "tf2onnx", "onnx"),
        ("litert", "ai_edge_litert.interpreter", "litert"),
    ],
)
def test_a_missing_package(monkeypatch, runtime, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    assert_refused(
        rf'{module} is .* pip install "accel-tf\[{extra}\]"',
        fused("dff"),
        runtime,
        error=ImportError,
    )


def test_a_program_that_the_runtime_refuses():
    model = to_runtime(RepeatsKeyFrame(num_classes=4), "onnxruntime")
    programs = model.programs(6, 8)
    (key,) = programs.all_programs()[:1]
    key.content.content = b"no program"
    with pytest.raises(ValueError, match="refuses the program key: "):
        programs.step(clip(6, 8)[:1], programs.initial_state, True)


def test_other_frames():
    model = in_openvino()
    with pytest.raises(ValueError, match="one stream, not 2"):
        model.initial_state(2, 48, 64)
    step, state = model.compile_step(), model.initial_state(1, 48, 64)
    frame = clip()[:1]
    for wrong in (frame.astype("float32"), frame[0], clip()[:2]):
        with pytest.raises(ValueError, match=r"frames uint8 \[1, H, W, 3\]"):
            step(wrong, state, True)
