"""Programs in a folder, and the options that write and read them."""

import argparse
import functools
import json
from contextlib import nullcontext

import cv2
import numpy as np
import pytest
from fake_segmenters import RepeatsKeyFrame
from few_layers import FewLayers
from model_tools import scenes
from small_models import lively, small_dff, small_td2

import accel_tf
from accel_tf.commands import runtime_options as options
from accel_tf.runtimes import (
    RuntimeSegmenter,
    export,
    is_saved_runtime,
    load_runtime,
    to_runtime,
)
from accel_tf.runtimes.export import (
    calibration_frames,
    export_runtime,
    prepare_runtime,
)
from accel_tf.runtimes.openvino_program import OpenVINOProgram
from accel_tf.runtimes.restore import restore_segmenter

MODELS = {
    "few_layers": lambda: lively(FewLayers()),
    "dff": lambda: accel_tf.fuse_for_inference(small_dff()),
    "td2": lambda: accel_tf.fuse_for_inference(small_td2()),
    "repeats": lambda: RepeatsKeyFrame(num_classes=4),
}


@functools.cache
def converted(name, runtime):
    return to_runtime(MODELS[name](), runtime, threads=1)


@functools.cache
def frames():
    return scenes(length=7)[0]


def labels(model):
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(5))
    return np.stack([stream(frame[None])[0] for frame in frames()])


@pytest.fixture
def folder(tmp_path):
    """Saved programs for OpenVINO."""
    model = converted("few_layers", "openvino")
    model.programs(48, 64)
    model.save(tmp_path / "saved")
    return tmp_path / "saved"


# === Saving and loading ===


@pytest.mark.parametrize(
    "name, runtime",
    [
        ("few_layers", "openvino"),
        ("repeats", "onnxruntime"),
        pytest.param("dff", "openvino", marks=pytest.mark.slow),
        pytest.param("dff", "onnxruntime", marks=pytest.mark.slow),
        pytest.param("td2", "litert", marks=pytest.mark.slow),
    ],
)
def test_the_same_after_loading(tmp_path, name, runtime):
    model = converted(name, runtime)
    wanted = labels(model)
    model.save(tmp_path / "saved")
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]
    assert is_saved_runtime(tmp_path / "saved")

    loaded = load_runtime(tmp_path / "saved", threads=1)
    assert isinstance(loaded, RuntimeSegmenter)
    np.testing.assert_array_equal(labels(loaded), wanted)
    assert loaded.info == model.info
    assert loaded.label_map == model.label_map
    assert loaded.multiply_adds(48, 64) == model.multiply_adds(48, 64)
    for name, value in model.initial_state(1, 48, 64).items():
        np.testing.assert_array_equal(
            loaded.initial_state(1, 48, 64)[name], value
        )
    # Loaded programs can be saved again.
    loaded.save(tmp_path / "again")
    again = load_runtime(tmp_path / "again", threads=1)
    np.testing.assert_array_equal(labels(again), wanted)


def test_what_the_description_says(folder):
    description = json.loads((folder / "model.json").read_text())
    model = converted("few_layers", "openvino")
    assert description["name"] == model.name
    assert description["runtime"] == "openvino"
    assert description["precision"] == "float32"
    assert description["uses_key_frames"] is True
    assert description["label_map"] == model.label_map.to_config()
    (size,) = description["sizes"]
    assert (size["height"], size["width"]) == (48, 64)
    assert size["state"] == {"features": ["float32", [1, 6, 8, 32]]}
    assert sorted(size["files"]) == [
        "initial_state.npz",
        "key.bin",
        "key.xml",
        "nonkey.bin",
        "nonkey.xml",
    ]


def test_other_sizes(folder):
    model = load_runtime(folder)
    with pytest.raises(ValueError, match="of 48x64, not of 48x66"):
        accel_tf.VideoStream(model)(np.zeros((1, 48, 66, 3), np.uint8))


def test_mistakes_when_saving(folder, tmp_path):
    model = load_runtime(folder)
    with pytest.raises(ValueError, match="no programs yet"):
        model.save(tmp_path / "new")
    model.programs(48, 64)
    with pytest.raises(FileExistsError, match="not empty; give another"):
        model.save(folder)
    with pytest.raises(NotADirectoryError, match="is not a folder"):
        model.save(folder / "model.json")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        model.save(tmp_path / "no" / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["saved"]
    (tmp_path / "empty").mkdir()
    model.save(tmp_path / "empty")
    load_runtime(tmp_path / "empty")


# === Broken folders ===


def assert_refused(folder, error, match):
    with pytest.raises(error, match=match) as caught:
        load_runtime(folder)
    assert "\n" not in str(caught.value)


def test_no_folder(tmp_path):
    assert not is_saved_runtime(tmp_path)
    assert_refused(tmp_path, FileNotFoundError, "no exported programs")
    assert_refused(tmp_path / "no", FileNotFoundError, "no exported programs")


@pytest.mark.parametrize("name", ["key.xml", "nonkey.bin", "initial_state.npz"])
def test_missing_and_damaged_files(folder, name):
    path = folder / "48x64" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert_refused(folder, ValueError, f"{name} is damaged")
    path.unlink()
    assert_refused(folder, FileNotFoundError, f"{name} is missing")


def test_a_damaged_description(folder):
    path = folder / "model.json"
    good = json.loads(path.read_text())
    wrong = [
        "{",
        "[]",
        "{}",
        json.dumps({**good, "runtime": "tpu"}),
        json.dumps({**good, "label_map": {}}),
        json.dumps({**good, "sizes": [{}]}),
    ]
    for text in wrong:
        path.write_text(text)
        assert_refused(folder, ValueError, "model.json is damaged")
    path.write_text(json.dumps({"format": 2}))
    assert_refused(folder, ValueError, "has the format 2; .* reads 1")


# === Command line ===


def parse(add_options, *arguments):
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def test_options_of_segment_and_evaluate():
    given = options.given_options(parse(options.add_options))
    assert given == {
        "runtime": "tensorflow",
        "precision": "float32",
        "calibrate": None,
        "threads": None,
        "min_agreement": None,
        "int8_report": None,
    }
    model = FewLayers()
    assert prepare_runtime(model, **given) is model
    given = options.given_options(
        parse(options.add_options, "--runtime", "openvino", "--threads", "2")
    )
    assert prepare_runtime(model, **given).info.runtime == "openvino"


def test_exported_programs_take_threads_and_their_own_runtime(
    folder, monkeypatch
):
    threads = []
    compile_program = OpenVINOProgram.compile

    def compile_noted(self, inputs, outputs, number):
        threads.append(number)
        return compile_program(self, inputs, outputs, number)

    monkeypatch.setattr(OpenVINOProgram, "compile", compile_noted)
    expected = labels(converted("few_layers", "openvino"))
    threads.clear()
    loaded = restore_segmenter(None, [folder])[0]
    given = parse(
        options.add_options, "--threads", "2", "--runtime", "openvino"
    )
    given = options.given_options(given)
    assert prepare_runtime(loaded, **given) is loaded
    np.testing.assert_array_equal(labels(loaded), expected)
    assert threads == [2, 2]


def test_what_contradicts_exported_programs_is_refused(folder):
    loaded = load_runtime(folder)
    made = "are in float32 already; leave --precision"
    for given, expected in (
        ({"runtime": "onnxruntime"}, "are for openvino, not onnxruntime; lea"),
        ({"precision": "int8"}, made),
        ({"calibrate": "a.mp4"}, made),
    ):
        with pytest.raises(ValueError, match=expected):
            prepare_runtime(loaded, **given)
    with pytest.raises(ValueError, match=f"{loaded.name}, not deeplab_18"):
        restore_segmenter("deeplab_18", [folder])
    with pytest.raises(ValueError, match="with 5 classes, not 7; leave "):
        restore_segmenter(None, [folder], 7)


def test_options_of_export():
    def given(*arguments):
        return options.given_export_options(
            parse(options.add_export_options, *arguments)
        )

    assert given() == {}
    assert given("--format", "onnx", "--size", "48x64") == {
        "runtime": "onnxruntime",
        "sizes": [(48, 64)],
        "precision": "float32",
        "calibrate": None,
        "min_agreement": None,
        "int8_report": None,
    }
    with pytest.raises(ValueError, match="--size needs --format onnx, "):
        given("--size", "48x64")
    with pytest.raises(ValueError, match="--precision int8 needs --format"):
        given("--precision", "int8")
    for wrong in (["--size", "48"], ["--format", "coreml"]):
        with pytest.raises(SystemExit):
            given(*wrong)


@pytest.fixture
def video(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for index, frame in enumerate(scenes(length=12)[0]):
        cv2.imwrite(str(folder / f"{index}.png"), frame[..., ::-1])
    return folder


@pytest.mark.slow
def test_export_in_int8(video, tmp_path):
    path, message = export_runtime(
        "accel_tiny",
        [],
        tmp_path / "exported",
        "openvino",
        [(32, 48), (48, 64)],
        precision="int8",
        calibrate=str(video),
        num_classes=5,
        interval=4,
        int8_report=tmp_path / "report.json",
    )
    reports = json.loads((tmp_path / "report.json").read_text())
    assert [report["size"] for report in reports] == ["32x48", "48x64"]
    assert [report["interval"] for report in reports] == [4, 4]
    assert "random weights" in message
    model = load_runtime(path)
    assert (model.name, model.num_classes) == ("accel_tiny", 5)
    assert model.info.precision == "int8"
    for height, width in ((32, 48), (48, 64)):
        stream = accel_tf.VideoStream(model)
        for frame in scenes(length=2, height=height, width=width)[0]:
            assert stream(frame[None]).shape == (1, height, width)


def test_calibration_frames(video):
    frames = calibration_frames("int8", video)
    np.testing.assert_array_equal(frames, scenes(length=12)[0])
    assert calibration_frames("float32", None) is None
    with pytest.raises(ValueError, match="is for --precision int8"):
        calibration_frames("float32", video)
    with pytest.raises(ValueError, match="int8 needs --calibrate"):
        calibration_frames("int8", None)


def test_calibration_frames_are_spread_over_the_video(monkeypatch):
    class Video(list):
        frame_count = 100

    monkeypatch.setattr(
        export, "open_video", lambda source: nullcontext(Video(range(100)))
    )
    assert calibration_frames("int8", "video.mp4") == [
        *range(10),
        *range(45, 55),
        *range(90, 100),
    ]


def test_mistakes_come_before_the_model(tmp_path):
    (tmp_path / "file").write_text("")
    cases = [
        (ValueError, "precision of litert", ["litert", [], "int8"], "new"),
        (ValueError, "int8 needs", ["openvino", [], "int8"], "new"),
        (NotADirectoryError, "not a folder", ["openvino", []], "file"),
        (ValueError, "need --size HEIGHTxWIDTH", ["openvino", []], "new"),
    ]
    for error, match, arguments, name in cases:
        with pytest.raises(error, match=match):
            export_runtime("accel_18", [], tmp_path / name, *arguments)
    with pytest.raises(ValueError, match="--precision int8 needs another"):
        prepare_runtime(FewLayers(), precision="int8")
