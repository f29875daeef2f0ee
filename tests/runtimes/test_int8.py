"""Programs in whole numbers."""

import functools
import importlib
import io
import logging
import sys

import numpy as np
import pytest
from few_layers import FewLayers
from model_tools import scenes
from small_models import lively, small_dff

import accel_tf
from accel_tf.runtimes import load_runtime, to_runtime

MODELS = {
    "few_layers": lambda: lively(FewLayers()),
    "dff": lambda: accel_tf.fuse_for_inference(small_dff()),
}
slow = functools.partial(pytest.param, marks=pytest.mark.slow)
EACH = pytest.mark.parametrize(
    "runtime, name",
    [
        ("openvino", "few_layers"),
        ("onnxruntime", "few_layers"),
        slow("openvino", "dff"),
        slow("onnxruntime", "dff"),
    ],
)


@functools.cache
def frames():
    return list(scenes(length=12)[0])


@functools.cache
def segmenters(runtime, name):
    """In float32 and int8, and the list of the latter's reports."""
    model, reports = MODELS[name](), []
    return (
        to_runtime(model, runtime, threads=1),
        to_runtime(
            model,
            runtime,
            "int8",
            frames(),
            threads=1,
            on_report=reports.append,
        ),
        reports,
    )


def labels(model):
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(5))
    return np.stack([stream(frame[None])[0] for frame in frames()])


@pytest.fixture
def handler():
    """Of the quantizer's messages."""
    logger = logging.getLogger(importlib.import_module("nncf").__name__)
    handler = logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@EACH
def test_near_the_labels_in_float32(runtime, name, capsys, handler):
    exact, whole = map(labels, segmenters(runtime, name)[:2])
    # Weights are random, so that many scores are nearly equal.
    assert 0.8 < np.mean(exact == whole) < 1
    assert np.mean(exact[0] == whole[0]) > 0.95
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "calibration 48x64: 100%" in printed.err
    assert "int8 48x64, key: " in printed.err
    assert "int8 48x64, nonkey: " in printed.err
    assert "note: int8 48x64 keeps 9" in printed.err
    # Which was silent, but is not for ever.
    assert handler.level == logging.NOTSET


@EACH
def test_a_quarter_of_the_bytes(runtime, name, tmp_path):
    sizes = []
    file = {"openvino": "nonkey.bin", "onnxruntime": "nonkey.onnx"}[runtime]
    exact, whole, _ = segmenters(runtime, name)
    for model in (exact, whole):
        model.programs(48, 64)
        model.save(tmp_path / model.info.precision)
        folder = tmp_path / model.info.precision / "48x64"
        sizes.append((folder / file).stat().st_size)
    assert sizes[1] < 0.6 * sizes[0]
    loaded = load_runtime(tmp_path / "int8", threads=1)
    assert loaded.info.precision == "int8"
    np.testing.assert_array_equal(labels(loaded), labels(whole))
    agreement = whole.programs(48, 64).agreement
    assert 0.8 < agreement < 1
    assert loaded.programs(48, 64).agreement == agreement


@EACH
def test_layers_beside_float32(runtime, name):
    _, whole, reports = segmenters(runtime, name)
    whole.programs(48, 64).all_programs()
    (report,) = reports
    rows = [row for row in report.layers if row.precision == "int8"]
    assert {row.program for row in rows} == {"key", "nonkey"}
    # Eight bits, for each layer by itself.
    assert all(20 < row.decibels < 60 for row in rows)
    assert any("score" in row.name for row in rows)
    for program in ("key", "nonkey"):
        shares = [row.share for row in report.layers if row.program == program]
        assert sum(shares) == pytest.approx(1)
    # Scores are resized by a matrix product that is never int8.
    exempt = [row for row in report.layers if row.precision == "float32"]
    assert {row.kind for row in exempt} >= {"MatMul"}
    assert all(row.decibels is None for row in exempt)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_layers_are_kept_until_the_labels_agree(runtime):
    reports = []
    model = to_runtime(
        MODELS["dff"](),
        runtime,
        "int8",
        frames(),
        threads=1,
        min_agreement=0.98,
        on_report=reports.append,
    )
    assert model.programs(48, 64).all_programs()
    (report,) = reports
    assert report.agreement >= 0.98
    assert 0 < report.kept_share <= 0.5


@pytest.mark.slow
def test_calibration_at_another_size():
    _, whole, _ = segmenters("openvino", "dff")
    stream = accel_tf.VideoStream(whole)
    frame = scenes(length=1, height=32, width=48)[:, 0]
    assert stream(frame).shape == (1, 32, 48)
    assert stream(frame).shape == (1, 32, 48)


def test_a_missing_quantizer(monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    model = accel_tf.fuse_for_inference(small_dff())
    with pytest.raises(ImportError, match=r'install "accel-tf\[openvino\]"'):
        to_runtime(model, "openvino", "int8", frames())
    to_runtime(model, "openvino")


@pytest.mark.parametrize(
    "channels, width, is_int8",
    [(32, 8, False), (64, 8, True), (32, 3, True), (3, 8, True)],
)
def test_openvino_is_right_for_wide_kernels(channels, width, is_int8):
    """In int8 it would not be on every processor."""
    import openvino
    from openvino import opset13 as opset

    from accel_tf.runtimes.openvino_program import OpenVINOProgram

    rng = np.random.default_rng(0)
    x = opset.parameter([1, channels, 64, 64], np.float32, name="x")
    x.output(0).get_tensor().set_names({"x:0"})
    kernel = rng.normal(size=(4, channels, width, width)).astype("float32")
    none, strides = [0, 0], [width, width]
    y = opset.convolution(x, kernel, strides, none, none, [1, 1])
    exact = openvino.Model([opset.relu(y)], [x])
    feed = rng.random((1, channels, 64, 64), "float32")
    whole = OpenVINOProgram(exact).quantize([{"x": feed}], ())
    assert bool(whole.quantized()) == is_int8
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    wanted, found = (
        openvino.compile_model(model, "CPU", settings)(feed)[0]
        for model in (exact, whole.model)
    )
    assert (found - wanted).std() < 0.1 * wanted.std()
