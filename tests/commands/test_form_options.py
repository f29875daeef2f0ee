"""The form of a model that the command line runs: fused, exact, a runtime."""

import argparse
import functools
import json

import keras
import numpy as np
import pytest
from small_models import built, lively
from small_presets import small_presets

import accel_tf

# Imported before a test replaces the function that they take from its module.
import accel_tf.evaluation.systems
import accel_tf.public_names
import accel_tf.runtimes.export
import accel_tf.serving.export.export_preset
from accel_tf import commands, optional, processor
from accel_tf.benchmark import bench, devices
from accel_tf.benchmark.worker import Worker
from accel_tf.commands import form_options
from accel_tf.data.label_maps import STREETS
from accel_tf.models import fuse
from accel_tf.runtimes import forms
from accel_tf.video import VideoWriter

CLASSES = len(STREETS)
FRAMES = 6


@pytest.fixture
def tiny_presets():
    with small_presets():
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A video of blocks that move, and a small model of a preset's name."""
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    # Noise without blocks would be another scene in each frame.
    noise = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    noise = noise.repeat(8, axis=0).repeat(8, axis=1)
    with VideoWriter(folder / "video.mp4", 48, 64, 10.0) as writer:
        for index in range(FRAMES):
            writer.write(np.roll(noise, index, axis=1))
    keras.utils.set_random_seed(0)
    with small_presets():
        model = accel_tf.from_preset("dff_tiny", CLASSES, label_map=STREETS)
    lively(model)
    model.save(folder / "model.keras")
    return folder


def model_options(files):
    return ["--model", "dff_tiny", "--weights", str(files / "model.keras")]


def untrained():
    return ["--model", "deeplab_tiny", "--weights", "random"]


def segment(files, folder, *options):
    """Colours of the labels that `segment` writes, `[T, H, W, 3]`."""
    labels = folder / "labels"
    argv = ["segment", str(files / "video.mp4"), "--labels", str(labels)]
    output = ["--output", str(folder / "out.mp4")]
    assert commands.main([*argv, *output, *options]) == 0
    images = sorted(labels.glob("*.png"))
    assert len(images) == FRAMES
    return np.stack([optional.cv2().imread(str(path)) for path in images])


@pytest.fixture(scope="module")
def exact(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exact")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            fuse, "fuse_for_inference", lambda _: pytest.fail("fused")
        )
        colors = segment(files, folder, *model_options(files), "--exact-graph")
    assert len(np.unique(colors.reshape(-1, 3), axis=0)) > 1
    return colors


def test_the_fused_form_runs_unless_the_exact_graph_is_asked_for(
    files, exact, tmp_path, monkeypatch
):
    fused = []
    make = fuse.fuse_for_inference
    monkeypatch.setattr(
        fuse,
        "fuse_for_inference",
        lambda model: fused.append(make(model)) or fused[-1],
    )
    colors = segment(files, tmp_path, *model_options(files))
    assert len(fused) == 1
    assert (colors == exact).mean() > 0.999


def test_segment_runs_in_another_runtime(files, exact, tmp_path, capsys):
    options = [*model_options(files), "--runtime", "openvino"]
    colors = segment(files, tmp_path, *options)
    assert (colors == exact).mean() > 0.999
    assert "6 frames, 2 key frames" in capsys.readouterr().out


def test_segment_runs_what_export_wrote(files, exact, tmp_path, capsys):
    programs = str(tmp_path / "programs")
    argv = ["export", *model_options(files), "--format", "onnx", programs]
    assert commands.main([*argv, "--size", "48x64"]) == 0
    assert f"{programs}: dff_tiny for onnxruntime." in capsys.readouterr().out
    options = ["--model", "dff_tiny", "--weights", programs]
    colors = segment(files, tmp_path, *options)
    assert (colors == exact).mean() > 0.999
    assert "float32 for onnxruntime" in capsys.readouterr().out


def test_the_model_of_the_package_runs_where_none_is_named(
    files, tmp_path, capsys, untraced
):
    segment(files, tmp_path)
    said = capsys.readouterr().out
    assert "accel_tiny with the weights that come with the package" in said
    assert "6 frames, 2 key frames" in said


def test_a_keras_file_says_which_model_it_is(files, exact, tmp_path, untraced):
    weights = ["--weights", str(files / "model.keras")]
    assert (segment(files, tmp_path, *weights) == exact).mean() > 0.999


def test_a_per_frame_model_gets_key_frames(
    files, tmp_path, capsys, untraced, tiny_presets
):
    options = [*untrained(), "--propagate", "dis:fast:2", "--trust", "both"]
    segment(files, tmp_path, *options, "--interval", "4", "--smooth", "0.3")
    assert "6 frames, 2 key frames" in capsys.readouterr().out


def test_smoothing_and_another_flow(
    files, tmp_path, capsys, untraced, tiny_presets
):
    (tmp_path / "smooth").mkdir()
    options = [*untrained(), "--smooth"]
    segment(files, tmp_path / "smooth", *options)
    assert "6 frames, 6 key frames" in capsys.readouterr().out
    (tmp_path / "flow").mkdir()
    options = [*model_options(files), "--flow", "dis"]
    segment(files, tmp_path / "flow", *options)
    assert "6 frames, 2 key frames" in capsys.readouterr().out


def test_key_frames_are_fused_where_that_is_asked_for():
    parser = argparse.ArgumentParser()
    form_options.add_motion(parser)
    model = built("accel")
    for given in ([], ["--flow", "dis"]):
        options = parser.parse_args([*given, "--fuse-key-frames"])
        made = form_options.given_motion(options)(model)
        assert made.fuse_key_frames and not model.fuse_key_frames
        np.testing.assert_array_equal(
            made.fusion.get_weights()[0], model.fusion.get_weights()[0]
        )


def test_key_frames_are_blended_where_that_is_asked_for():
    parser = argparse.ArgumentParser()
    form_options.add_motion(parser)
    options = parser.parse_args(["--blend", "4", "--fuse-key-frames"])
    made = form_options.given_motion(options)(built("accel"))
    assert made.blend == 4 and made.fuse_key_frames
    options = parser.parse_args(["--blend", "3", "--propagate", "dis"])
    made = form_options.given_motion(options)(built("deeplab"))
    assert made.blend == 3 and made.smooth == 0


@pytest.mark.parametrize("multiplies", [False, True])
def test_bfloat16_tells_where_it_does_not_pay(multiplies, capsys, monkeypatch):
    monkeypatch.setattr(processor, "multiplies_bfloat16", lambda: multiplies)
    monkeypatch.setattr(
        fuse, "fuse_for_inference", lambda model, precision: (model, precision)
    )
    made = forms.form_for("model", precision="bfloat16")
    assert made == ("model", "bfloat16")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == (not multiplies)
    assert all("no instructions for bfloat16" in line for line in lines)


def test_segment_in_bfloat16(files, exact, tmp_path, monkeypatch):
    fused = []
    make = fuse.fuse_for_inference
    monkeypatch.setattr(
        fuse,
        "fuse_for_inference",
        lambda *args: fused.append(make(*args)) or fused[-1],
    )
    options = [*model_options(files), "--precision", "bfloat16"]
    colors = segment(files, tmp_path, *options)
    assert [fuse.precision_of(model) for model in fused] == ["bfloat16"]
    assert 0.9 < (colors == exact).mean() < 1


def test_mistakes_are_one_line(files, tmp_path, capsys, tiny_presets):
    def fails_with(expected, *argv):
        assert commands.main(list(map(str, argv))) == 2
        lines = capsys.readouterr().err.splitlines()
        (line,) = [line for line in lines if line.startswith("accel-tf:")]
        assert expected in line, line
        assert not list(tmp_path.iterdir())

    output = "--output", tmp_path / "out.mp4"
    run = "segment", files / "video.mp4", *model_options(files), *output
    fails_with("--precision", *run, "--precision", "int8")
    fails_with("--exact", *run, "--precision=bfloat16", "--exact-graph")
    fails_with("--calibrate", *run, "--runtime=openvino", "--precision=int8")
    fails_with("float16", *run, "--runtime=openvino", "--precision=float16")
    for option in ("--min-agreement=0.99", "--int8-report"):
        name = option.partition("=")[0]
        fails_with(f"{name} is for --precision int8", *run, option)
    folder = "segment", files / "video.mp4", "--model", "accel_tiny", *output
    fails_with("do not say which model", *folder[:2], *output, "--weights=x.h5")
    deeplab = "segment", files / "video.mp4", "--model", "deeplab_18", *output
    fails_with("deeplab_18 has no weights; give --weights", *deeplab)
    fails_with("19 classes, not 3", *folder, "--num-classes", "3")
    fails_with("is a folder", *folder, "--weights", files)
    fails_with("no optical flow 'diss'", *run, "--propagate", "diss")
    fails_with("dff_tiny remembers frames", *run, "--propagate", "dis")
    fails_with("leave --flow out", *run, "--propagate=dis", "--flow=dis")
    fails_with("--update goes with --prop", *run, "--update", "light.keras")
    fails_with("--trust goes with", *run, "--trust", "both")
    fails_with("smooth must be from 0", *run, "--smooth", "1")
    fails_with("--fuse-key-frames is for Accel", *run, "--fuse-key-frames")
    fails_with("blend must be a number", *run, "--blend", "-1")
    tiny = "segment", files / "video.mp4", *untrained(), *output
    fails_with("give --propagate dis", *tiny, "--flow", "dis")
    fails_with("carries no key frames along", *tiny, "--blend", "3")
    dis = *tiny, "--propagate", "dis", "--runtime", "openvino"
    fails_with("runs outside the graph", *dis)
    export = "export", *model_options(files), tmp_path / "programs"
    fails_with("--size", *export, "--format", "onnx")
    fails_with("--format", *export, "--size", "48x64")
    onnx = *export, "--format", "onnx", "--size", "48x64"
    fails_with("--interval", *onnx, "--interval", "5")
    fails_with("--memory-limit", *onnx, "--memory-limit", "1G")


class InThisProcess:
    """In the place of `Worker`; tests/benchmark/test_worker.py has that."""

    def __init__(self, system, *arguments, title=None, environment=None):
        # The process of the tests stays as it is.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(devices, "prepare", lambda *_: None)
            self._system = system(*arguments)

    def ask(self, method, *arguments):
        return getattr(self._system, method)(*arguments)

    def close(self):
        pass


@pytest.mark.parametrize(
    "worker",
    [InThisProcess, pytest.param(Worker, marks=pytest.mark.slow)],
)
def test_benchmark_prints_a_table_and_writes_a_file(
    worker, tmp_path, capsys, monkeypatch, tiny_presets
):
    monkeypatch.setattr(bench, "Worker", worker)
    small = functools.partial(bench.Limits, 64, 2**20)
    monkeypatch.setattr(bench, "Limits", small)
    report = tmp_path / "report.json"
    argv = ["benchmark", "--models", "accel_tiny"]
    argv += ["--size", "64x128", "--rounds", "1", "--frames", "2"]
    assert commands.main([*argv, "--interval", "2", "--json", str(report)]) == 0
    printed = capsys.readouterr().out
    assert "accel_tiny" in printed
    (row,) = json.loads(report.read_text())["rows"]
    assert row["preset"] == "accel_tiny" and row["non_key"] is not None
