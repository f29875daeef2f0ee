import json

import pytest
from recipe_scripts import load_script

from accel_tf.recipes.common.steady_tables import format_steady


def test_table():
    speed = {
        "machine": {"processor": "a processor", "cores": 2},
        "size": "512x1024",
        "interval": 5,
        "threads": 1,
        "rows": [
            {
                "model": "accel_18",
                "way": "plain",
                "rounds": [
                    {"milliseconds": [100.0] * 16 + [300.0] * 4},
                    {"milliseconds": [100.0] * 20},
                    {"milliseconds": [100.0] * 19 + [200.0]},
                ],
            }
        ],
    }
    score = {
        "system": "Accel",
        "interval": 5,
        "steady": True,
        "mean_iou": 0.5,
        "worst_frame_mean_iou": 0.25,
        "mean_iou_by_distance": {"5": 0.5, "9": 0.4, "0": 0.6},
    }
    rows = [score, {**score, "steady": 2}, {**score, "steady": False}]
    accuracy = {"data": "camvid", "rows": rows}
    table = format_steady({"speed": speed, "accuracy": accuracy})
    assert "| `accel_18` | plain | 100 | 105 | 100 | 200 | 2.00 |" in table
    assert "(threads for an operation: 1); the middle of 3 runs" in table
    for delay in ("5 frames", "2 frames", "at once"):
        assert f"| Accel | 5 | {delay} | 50.0% | 25.0% | 0 to 9 |" in table


@pytest.mark.slow
def test_a_stream_is_timed(capsys):
    arguments = ["one", "--model", "accel_tiny", "--size", "64x128"]
    arguments += ["--frames", "20", "--interval", "3", "--steady"]
    load_script("benchmark_steady").main(arguments)
    found = json.loads(capsys.readouterr().out)
    assert len(found["milliseconds"]) == len(found["busy"]) == 20 - 7
    assert min(found["milliseconds"]) > 0
