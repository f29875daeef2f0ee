import os
import sys
import types

import numpy as np
import pytest

from accel_tf import optional


def test_missing_package_names_the_pip_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ImportError) as caught:
        optional.cv2()
    assert 'pip install "accel-tf[video]"' in str(caught.value)
    assert "\n" not in str(caught.value)

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "accel-tf\[plot\]"'):
        optional.matplotlib_pyplot()


def test_package_that_does_not_load_gives_the_reason(tmp_path, monkeypatch):
    source = "raise ImportError('libGL.so.1: cannot open shared object file')"
    (tmp_path / "broken_package.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="libGL.*pip install") as caught:
        optional.require("broken_package", "video")
    assert "\n" not in str(caught.value)


def test_package_whose_own_dependency_is_missing(tmp_path, monkeypatch):
    (tmp_path / "incomplete_package.py").write_text("import no_such_module_x")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="does not load.*no_such_module_x"):
        optional.require("incomplete_package", "video")


def test_emptied_opencv_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", types.ModuleType("cv2"))
    with pytest.raises(ImportError, match="--force-reinstall"):
        optional.cv2()


def test_quiet_cv2_restores_the_log_level():
    log = optional.cv2().utils.logging
    before = log.getLogLevel()
    with pytest.raises(ValueError), optional.quiet_cv2():
        assert log.getLogLevel() == log.LOG_LEVEL_SILENT
        raise ValueError
    assert log.getLogLevel() == before


def test_pyplot_draws_without_a_display(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    pyplot = optional.matplotlib_pyplot()
    figure, _ = pyplot.subplots()
    figure.canvas.draw()
    drawn = figure.canvas.buffer_rgba()
    pyplot.close(figure)
    assert np.ptp(np.asarray(drawn)) > 0


def test_onnx_runtime_reports_nothing_unless_it_was_asked_to(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", types.ModuleType("x"))
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    optional.onnxruntime()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    optional.onnxruntime()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "0"
