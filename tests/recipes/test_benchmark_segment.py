import json

import pytest
from fake_segmenters import RepeatsKeyFrame
from recipe_scripts import load_script


@pytest.fixture(scope="module")
def script():
    return load_script("benchmark_segment")


def times(milliseconds):
    each = {"median": milliseconds, "lowest": milliseconds / 2}
    return {"processor": each, "wall": each}


def test_every_stage_runs_again_and_again(script, tmp_path):
    model = RepeatsKeyFrame(num_classes=19)
    stages = script.make_stages(model, tmp_path, (48, 64), (24, 32), 3)
    assert set(stages) == {
        "decoding, 48x64",
        "decoding, 24x32",
        "drawing",
        "encoding",
        "label images",
        "model, 48x64",
        "model, 24x32",
        "whole path, 48x64",
        "whole path, 24x32",
    }
    before = len(list(tmp_path.glob("[0-9]*")))
    for stage in stages.values():
        stage()
    folders = list(tmp_path.glob("[0-9]*"))
    # The label images by themselves and of two whole paths.
    assert len(folders) == before + 3
    for folder in folders:
        assert len(list(folder.glob("*.png"))) == 3


def test_overlap_is_by_round(script):
    stages = {
        "decoding, 10x20": 5,
        "model, 10x20": 60,
        "drawing": 5,
        "encoding": 20,
        "label images": 10,
        "whole path, 10x20": 75,
    }
    rounds = {name: [(0, t), (0, 2 * t)] for name, t in stages.items()}
    assert script.overlap(rounds, (10, 20)) == {
        "of_the_slowest_stage": 1.25,
        "of_all_stages_in_turn": 0.75,
    }


def test_table():
    results = {
        "machine": {"processor": "a processor", "tensorflow": "2.21"},
        "conditions": "Quiet.",
        "model": "accel_tiny",
        "size": "1080x1920",
        "small_size": "360x640",
        "interval": 5,
        "frames": 24,
        "rounds": 5,
        "milliseconds": {
            "encoding": times(8.0),
            "whole path, 360x640": times(20.0),
        },
        "overlap": {
            "360x640": {
                "of_the_slowest_stage": 1.104,
                "of_all_stages_in_turn": 0.6,
            }
        },
    }
    format_segment = load_script("speed_tables").format_segment
    lines = format_segment(json.loads(json.dumps(results))).splitlines()
    assert lines[2:4] == [
        "| encoding | 8.0 (4.0) | 8.0 (4.0) |",
        "| whole path, 360x640 | 20.0 (10.0) | 20.0 (10.0) |",
    ]
    assert "1.10 times its slowest stage and 0.60 of all" in lines[-1]


@pytest.mark.parametrize(
    "options, words",
    [(["--rounds", "0"], "--rounds"), (["--out", "no/such.json"], "no such")],
)
def test_mistakes(script, options, words):
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        script.main(options)
