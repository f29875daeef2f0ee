"""`accel-tf plan`, as a user types it, with a tiny model and video."""

import json
import shlex
import types

import cv2
import numpy as np
import pytest
from fake_segmenters import RepeatsKeyFrame

from accel_tf import commands
from accel_tf.planning.advice import advice
from accel_tf.planning.beside import Beside
from accel_tf.planning.candidates import ModelName, Variant
from accel_tf.planning.finding import Finding
from accel_tf.planning.results import Goal, Result
from accel_tf.planning.windows import Sample, read_sample


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where one works: a video in which the right half changes."""
    frames = tmp_path / "drive"
    frames.mkdir()
    for index in range(8):
        image = np.zeros((32, 32, 3), np.uint8)
        image[:, 16:] = index % 3  # the class, to `RepeatsKeyFrame`
        cv2.imwrite(str(frames / f"{index}.png"), image)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(*more):
    return commands.main(
        [
            *["plan", "drive", "--models", "accel_tiny"],
            *["--runtimes", "tensorflow", "--intervals", "1,2"],
            *more,
        ]
    )


def test_a_rate_that_is_kept(folder, untraced, capsys, monkeypatch):
    monkeypatch.setattr(
        "accel_tf.planning.planner.restore_segmenter",
        lambda name, weights: (RepeatsKeyFrame(3, name=name), "Painted."),
    )
    targets = ["--json", "plan.json", "--plot", "plan.png"]
    assert plan("--fps", "2", *targets) == 0
    printed = capsys.readouterr().out
    found = json.loads((folder / "plan.json").read_text())
    key, other = found["candidates"]
    assert (key["interval"], other["interval"]) == (1, 2)
    # The reference is the model itself, run on every frame.
    assert found["against"]["frames"] == 8
    assert found["conditions"]["windows"] == [2, 2, 2, 2]
    assert (key["pixels"], key["mean_iou"]) == (1.0, 1.0)
    # Half the pixels of every second frame.
    assert other["pixels"] == 0.75
    assert key["model_size"] == [32, 32] and key["reaches"]
    assert key["frames_per_second_of_a_run"] >= 2
    assert found["machine"]["tensorflow"] and not found["left_out"]
    assert cv2.imread("plan.png").std() > 10
    # The command is the last line, and is one.
    line = printed.rstrip().splitlines()[-1].strip()
    assert line == found["recommended"]
    assert line == (
        "accel-tf segment drive --model accel_tiny --interval 1 "
        "--output drive_segmented.mp4"
    )
    parser = commands.make_parser({"segment"})
    assert parser.parse_args(shlex.split(line)[1:]).interval == 1


def test_a_rate_that_is_not_ends_with_1(monkeypatch):
    monkeypatch.setattr(
        "accel_tf.planning.planner.plan_video",
        lambda video, fps, **options: {"recommended": None},
    )
    assert commands.main(["plan", "drive.mp4", "--fps", "5"]) == 1


def test_the_nearest_is_told():
    one = row(80, 24, Beside(5, 8, 2))
    search = types.SimpleNamespace(
        results=[one.result], unneeded=[], rows=lambda: [one]
    )
    one.result.left_out = "no time was left"
    one.result.start_seconds, one.result.runs = 1.0, {2: 12.5}
    sample = Sample("drive.mp4", (720, 1280), 25.0, 50, [])
    against = {"reference": "b", "frames": 6}
    given = {"runtimes": ["tensorflow"], "threads": None, "seconds": 60}
    given["load_average_before"] = 99.0
    finding = Finding(sample, Goal(25.0), against, search, {}, given)
    text = finding.text()
    assert "compared with b on every frame, 6 frames" in text
    assert "Other programs ran, too (load average 99.0, " in text
    assert "Nothing reaches 25 frames per second with a margin of 10%" in text
    assert "- a, tensorflow: no time was left.\n" in text
    # (80 + 24) / 2 = 52 ms and 4 ms beside.
    assert "- a, tensorflow, interval 2: made 12.5 frames per second" in text
    assert "in a run, by single frames 17.9." in text
    assert "The quickest makes 12.5 frames per second, 50% of it." in text
    line = (
        "accel-tf segment drive.mp4 --model a --interval 2 "
        "--output drive_segmented.mp4"
    )
    assert text.endswith(line)
    found = finding.record()
    assert found["recommended"] is None and found["nearest"] == line


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--fps", "5", "--json", "nowhere/plan.json"], "no such folder"),
        (["--fps", "5", "--plot", "plan.pdf"], "must end in .png"),
        (["--fps", "5", "--margin", "-1"], "margin must be a share, 0 or more"),
        (["--fps", "5", "--data", "x", "--reference", "y"], "give one of them"),
        (["--fps", "5", "--models", "accel_19"], "no preset 'accel_19'"),
        (["--fps", "5", "--runtimes", "tf"], "no runtime 'tf'"),
    ],
)
def test_mistakes(folder, more, message, capsys):
    assert plan(*more) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("accel-tf: ") and message in error


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "--fps"),
        (["--fps", "0"], "'0': give a number above 0, such as 25"),
        (["--fps", "5", "--sizes", "8"], "'8' is no size"),
        (["--fps", "5", "--intervals", "1,0"], "'0' is no whole number"),
    ],
)
def test_options_that_are_none(folder, more, message, capsys):
    with pytest.raises(SystemExit):
        plan(*more)
    assert message in capsys.readouterr().err


def row(key, non_key, beside, interval=2):
    result = Result(
        Variant(ModelName("a", "a")),
        {"key": 1, "non_key": 1},
        uses_key_frames=bool(non_key),
        model_size=(360, 640),
        beside=beside,
        times={
            "key": [key / 1000],
            "non_key": [non_key / 1000] * bool(non_key),
        },
    )
    return result.rows([interval])[0]


@pytest.mark.parametrize(
    ("one", "lines"),
    [
        # 36 ms are left for the model: 24 and a fifth of 80 - 24.
        (
            row(80, 24, Beside(5, 8, 2)),
            ["a key frame every 5 frames", "about --size 285x506 instead of"],
        ),
        (
            row(80, 50, Beside(5, 8, 2)),
            ["54.0 ms, which is 18.5 per second", "--size"],
        ),
        (row(80, 0, Beside(5, 8, 2)), ["a has no key frames", "--size"]),
        (row(80, 24, Beside(50, 8, 2)), ["take 50.0 ms a frame"]),
    ],
)
def test_what_would_help(one, lines):
    told = advice(one, [one], Goal(25.0, 0.0), {})
    assert len(told) == len(lines)
    for line, part in zip(told, lines, strict=True):
        assert part in line


def test_smaller_frames_that_were_tried_are_not_advised():
    near, small = row(80, 50, Beside(5, 8, 2)), row(90, 60, Beside(5, 8, 2))
    small.result.model_size = (180, 320)
    told = advice(near, [near, small], Goal(25.0), {"litert": "is missing"})
    assert told[1] == "Frames of 180x320 did not come nearer."
    assert told[2] == "A quicker runtime may help; not tried: is missing."


def test_windows_of_a_short_video_do_not_fail(folder):
    sample = read_sample("drive", 10)
    assert [window.shape for window in sample.windows] == [(8, 32, 32, 3)]
    assert [int(x[0, 20, 0]) for x in sample.windows[0]] == [0, 1, 2] * 2 + [
        0,
        1,
    ]
