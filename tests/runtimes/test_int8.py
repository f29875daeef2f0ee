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
EACH = pytest.mark.parametrize(
    "name", ["few_layers", pytest.param("dff", marks=pytest.mark.slow)]
)


@functools.cache
def frames():
    return list(scenes(length=12)[0])


@functools.cache
def segmenters(name):
    """In float32 and int8."""
    model = MODELS[name]()
    return (
        to_runtime(model, "openvino", threads=1),
        to_runtime(model, "openvino", "int8", frames(), threads=1),
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
def test_near_the_labels_in_float32(name, capsys, handler):
    exact, whole = map(labels, segmenters(name))
    # Weights are random, so that many scores are nearly equal.
    assert 0.8 < np.mean(exact == whole) < 1
    assert np.mean(exact[0] == whole[0]) > 0.95
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "calibration 48x64: 100%" in printed.err
    assert "int8 48x64, key: " in printed.err
    assert "int8 48x64, nonkey: " in printed.err
    # Which was silent, but is not for ever.
    assert handler.level == logging.NOTSET


@EACH
def test_a_quarter_of_the_bytes(name, tmp_path):
    sizes = []
    for model in segmenters(name):
        model.programs(48, 64)
        model.save(tmp_path / model.info.precision)
        folder = tmp_path / model.info.precision / "48x64"
        sizes.append((folder / "nonkey.bin").stat().st_size)
    assert sizes[1] < 0.6 * sizes[0]
    loaded = load_runtime(tmp_path / "int8", threads=1)
    assert loaded.info.precision == "int8"
    np.testing.assert_array_equal(labels(loaded), labels(segmenters(name)[1]))


@pytest.mark.slow
def test_calibration_at_another_size():
    _, whole = segmenters("dff")
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
