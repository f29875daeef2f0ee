"""The command line, as a user types it."""

import contextlib
import json
import os
import shutil
import signal
import sys
import threading
import types

import keras
import numpy as np
import pytest
from small_presets import small_presets
from video_making import make

import accel_tf
import accel_tf.runtimes.restore
import accel_tf.segment
from accel_tf import commands
from accel_tf.data.label_maps import STREETS
from accel_tf.segmentation.report import SegmentReport
from accel_tf.video import SourceLostError, VideoWriter, open_video

CLASSES = len(STREETS)


def frames(count, height=48, width=64):
    rng = np.random.default_rng(0)
    # Noise without blocks would be another scene in each frame.
    blocks = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    start = blocks.repeat(8, axis=0).repeat(8, axis=1)
    return [np.roll(start, index, axis=1) for index in range(count)]


@pytest.fixture(scope="module", autouse=True)
def tiny_presets():
    with small_presets():
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory, tiny_presets):
    """A video, a model with names and colours, and weights of another."""
    folder = tmp_path_factory.mktemp("files")
    with VideoWriter(folder / "video.mp4", 48, 64, 10.0) as writer:
        for frame in frames(12):
            writer.write(frame)
    keras.utils.set_random_seed(0)
    model = accel_tf.from_preset("dff_tiny", CLASSES, label_map=STREETS)
    model.save(folder / "model.keras")
    model.save_weights(folder / "model.weights.h5")
    other = accel_tf.from_preset("dff_tiny", CLASSES + 1)
    other.save_weights(folder / "other.weights.h5")
    return folder


def segment(files, *changes, source="video.mp4"):
    arguments = {
        "--model": "dff_tiny",
        "--weights": str(files / "model.keras"),
        "--output": str(files / "out.mp4"),
    }
    arguments |= dict(zip(changes[::2], changes[1::2], strict=True))
    return [
        "segment",
        str(files / source),
        *(text for pair in arguments.items() for text in pair),
    ]


def test_segment_writes_video_and_labels(files, tmp_path, capsys):
    output, labels = tmp_path / "out.mp4", tmp_path / "labels"
    argv = segment(files, "--output", str(output), "--labels", str(labels))
    assert commands.main([*argv, "--interval", "5"]) == 0
    assert "12 frames, 3 key frames" in capsys.readouterr().out
    with open_video(output) as video:
        written = list(video)
        assert video.frame_rate == 10.0
    assert len(written) == 12 and written[0].shape == (48, 64, 3)
    assert len(list(labels.glob("*.png"))) == 12
    names = json.loads((labels / "classes.json").read_text())
    # Of other classes than Cityscapes' own 19 the files hold the indices.
    assert names["0"] == "road" and names["7"] == "car"


def test_segment_reads_a_folder(files, tmp_path, capsys, untraced):
    from accel_tf import optional

    for index, frame in enumerate(frames(3)):
        optional.cv2().imwrite(str(tmp_path / f"{index}.png"), frame)
    argv = segment(files, "--weights", str(files / "model.weights.h5"))
    argv[1] = str(tmp_path)
    argv += ["--num-classes", str(CLASSES), "--quiet"]
    assert commands.main(argv) == 0
    (line,), errors = map(str.splitlines, capsys.readouterr())
    assert "3 frames, 1 key frames" in line and not errors


def test_segment_takes_several_inputs(files, tmp_path, capsys, untraced):
    """A folder of videos and a file; one that is no video; names clash."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(files / "video.mp4", tmp_path / folder / "video.mp4")
    (tmp_path / "broken.mp4").write_text("not a video")
    argv = ["segment", str(tmp_path / "a"), str(tmp_path / "broken.mp4")]
    argv += [str(tmp_path / "b" / "video.mp4"), "--end", "0.4"]
    argv += ["--weights", str(files / "model.keras")]
    argv += ["--output-dir", str(tmp_path / "out")]
    argv += ["--labels", str(tmp_path / "labels")]
    argv += ["--save-scores", str(tmp_path / "scores")]
    argv += ["--json", str(tmp_path / "json")]
    assert commands.main(argv) == 1
    assert "broken.mp4" in one_line(capsys)
    names = ["video", "video-2"]
    for folder, ending in (("out", ".mp4"), ("json", ".json")):
        found = {path.name for path in (tmp_path / folder).iterdir()}
        assert found == {name + ending for name in names}
    for name in names:
        assert len(list((tmp_path / "labels" / name).glob("*.png"))) == 4
        document = json.loads((tmp_path / "json" / f"{name}.json").read_text())
        assert document["header"]["model"] == "dff_tiny"
        # Each is a stream of its own, which begins with a key frame.
        keys = [frame["is_key"] for frame in document["frames"]]
        assert keys == [True, False, False, False]
        with np.load(tmp_path / "scores" / name / "000000.npz") as arrays:
            scores = arrays["scores"]
        assert scores.shape[-1] == CLASSES and scores.dtype == np.float16


def test_a_lost_source_has_a_status_of_its_own(
    files, tmp_path, capsys, monkeypatch
):
    def lost(stream, label_map, source, output, *_, report, **__):
        report.add(True, 0.1, False)
        raise SourceLostError("rtsp://camera was lost")

    monkeypatch.setattr(accel_tf.segment, "segment_stream", lost)
    argv = segment(files, "--output", str(tmp_path / "out.mp4"))
    argv[1] = "rtsp://camera"
    assert commands.main(argv) == 3
    printed = capsys.readouterr()
    assert "accel-tf: rtsp://camera was lost" in printed.err
    assert "out.mp4 holds 1 frames" in printed.out


def test_what_is_wrong_shows_before_the_model_is_loaded(
    files, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(
        accel_tf.runtimes.restore,
        "restore_segmenter",
        lambda *_: pytest.fail("the model was loaded"),
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "here").touch()

    def fails_with(expected, *options, sources=("video.mp4",)):
        argv = ["segment", *(str(files / source) for source in sources)]
        assert commands.main([*argv, *options]) == 2
        line = one_line(capsys)
        assert expected in line, line
        assert [path.name for path in tmp_path.iterdir()] == ["full"]

    fails_with("nothing would be written")
    fails_with("must end in", "--output=o.txt")
    fails_with("no such folder", "--output=none/o.mp4")
    fails_with("longer than file systems take", f"--output={'o' * 260}.mp4")
    fails_with("not an empty folder", "--labels=full")
    fails_with("not an empty folder", "--save-scores=full")
    fails_with("is a folder", "--json=full")
    fails_with("is the input", f"--output={files / 'video.mp4'}")
    fails_with("two outputs", "--labels=x", "--save-scores=x")
    fails_with("codec", "--output=o.mp4", "--codec=none")
    fails_with("alpha must be", "--output=o.mp4", "--alpha=2")
    fails_with("end must be after", "--output=o.mp4", "--start=2", "--end=1")
    fails_with("--stretch goes with", "--output=o.mp4", "--stretch")
    fails_with("no such file", "--output=o.mp4", sources=["none.mp4"])
    two = ["video.mp4", "video.mp4"]
    fails_with("--output is one video", "--output=o.mp4", sources=two)
    fails_with("give --output-dir", sources=two)
    fails_with("--output-dir, not both", "--output=o.mp4", "--output-dir=o")
    # A folder that was made for outputs goes with them.
    fails_with("no such file", "--output-dir=o", sources=["none.mp4"])
    argv = ["segment", "none.mp4", "nothing.mp4", "--output-dir=o"]
    assert commands.main(argv) == 1
    assert capsys.readouterr().err.count("accel-tf: no such file") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def one_line(capsys):
    error = capsys.readouterr().err
    lines = [line for line in error.splitlines() if "accel-tf:" in line]
    assert len(lines) == 1 and "Traceback" not in error
    return lines[0].split("accel-tf:")[1]


def test_bad_input_ends_in_one_line(files, tmp_path, capsys, untraced):
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    whole = (files / "video.mp4").read_bytes()
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken"
    broken.mkdir()
    from accel_tf import optional

    for index, frame in enumerate(frames(3)):
        optional.cv2().imwrite(str(broken / f"{index}.png"), frame)
    (broken / "1.png").write_bytes((broken / "1.png").read_bytes()[:100])
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    output = tmp_path / "out.mp4"

    def fails_with(expected, *changes, source="video.mp4"):
        argv = segment(files, "--output", str(output), *changes, source=source)
        assert commands.main(argv) == 2
        line = one_line(capsys)
        assert expected in line, line
        assert not output.exists()
        assert not list(tmp_path.glob(".*")), "a partial file is left"

    fails_with("no such file", source="none.mp4")
    fails_with("text.mp4", source=text)
    fails_with("empty", source=empty)
    # What is damaged is an error on demand.
    for source, name in ((broken, "1.png"), (cut, "cut.mp4")):
        argv = segment(files, "--output", str(output), source=source)
        assert commands.main([*argv, "--strict"]) == 2
        assert name in one_line(capsys) and not output.exists()
    fails_with("did you mean 'accel_18'", "--model", "accel18")
    fails_with("interval must be", "--interval", "0")
    fails_with("no weights file", "--weights", "none.params")
    fails_with("not a .keras model", "--weights", _text(tmp_path, "a.keras"))
    fails_with("not a weights file", "--weights", _text(tmp_path, "a.params"))
    fails_with(
        "does not hold the weights of dff_tiny",
        "--weights",
        str(files / "other.weights.h5"),
        "--num-classes",
        str(CLASSES),
    )
    fails_with("holds dff_tiny, not deeplab_18", "--model", "deeplab_18")
    fails_with("no such folder", "--output", str(tmp_path / "none" / "o.mp4"))
    fails_with("must end in", "--output", str(tmp_path / "o.txt"))


def _text(folder, name):
    (folder / name).write_text("some text, longer than any magic number")
    return str(folder / name)


def test_the_input_is_never_overwritten(files, capsys):
    before = (files / "video.mp4").read_bytes()
    argv = segment(files, "--output", str(files / "video.mp4"))
    assert commands.main(argv) == 2
    assert "is the input" in one_line(capsys)
    assert (files / "video.mp4").read_bytes() == before


@pytest.mark.slow  # A signal to the process of all tests is not without risk.
def test_an_interrupted_run_leaves_a_playable_file(
    files, tmp_path, capsys, monkeypatch, untraced
):
    """Also where the source neither goes on nor ends."""
    output, labels = tmp_path / "out.mp4", tmp_path / "labels"
    # Few enough to be read ahead, by a decoder that holds back one only.
    source = make(tmp_path / "source.mkv", frames(7), "mpeg2video")
    written = source.read_bytes()
    source.unlink()

    def is_told_to_stop(self, *arguments, add=SegmentReport.add):
        add(self, *arguments)
        if self.frames == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(SegmentReport, "add", is_told_to_stop)
    with held_open_input(written, monkeypatch):
        argv = segment(files, "--output", str(output), "--labels", str(labels))
        argv[1] = "-"
        assert commands.main(argv) == 130
    printed = capsys.readouterr()
    assert "Interrupted" in printed.out and "cut off" not in printed.err
    with open_video(output) as video:
        assert 3 <= len(list(video)) <= 7
    assert {path.name for path in tmp_path.iterdir()} == {"out.mp4", "labels"}


@contextlib.contextmanager
def held_open_input(data, monkeypatch):
    """A standard input that holds `data` and then neither more nor an end."""
    reading, writing = os.pipe()
    is_over = threading.Event()

    def feed():
        with open(writing, "wb", 0) as writer:
            writer.write(data)
            ends_by_itself.append(not is_over.wait(300))

    ends_by_itself = []
    feeder = threading.Thread(target=feed)
    with open(reading, "rb") as file:
        monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=file))
        feeder.start()
        try:
            yield
        finally:
            is_over.set()
            feeder.join()
    assert ends_by_itself == [False], "it waited for the source"
