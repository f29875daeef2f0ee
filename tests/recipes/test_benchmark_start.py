import json

import pytest
from recipe_scripts import load_script

from accel_tf.recipes.common.start_tables import format_start

ROUND = {
    "first_seconds": 10.0,
    "first_processor_seconds": 9.0,
    "second_seconds": 15.0,
    "second_processor_seconds": 14.0,
    "peak_bytes": 900e6,
    "later_peak_bytes": 800e6,
    "resident_bytes": 700e6,
    "file_bytes": 300e6,
}


def test_table():
    rounds = [ROUND, {**ROUND, "first_seconds": 11.0}, ROUND]
    row = {"model": "accel_18", "when": "after", "weights_bytes": 200e6}
    results = {
        "machine": {"processor": "a processor", "cores": 2, "tensorflow": "2"},
        "size": "512x1024",
        "rows": [
            {**row, "way": "weights", "rounds": rounds},
            {**row, "way": "openvino", "rounds": rounds[:1]},
        ],
    }
    table = format_start(results)
    numbers = "10.0 | 15.0 | 14.0 | 900 | 800 | 700 | 400 | 2.0"
    assert f"| `accel_18` | weights | after | {numbers} |" in table
    assert f"| `accel_18` | OpenVINO export | after | {numbers} |" in table
    assert "the middle of 3 runs" in table


def test_mistakes(tmp_path):
    script = load_script("benchmark_start")
    with pytest.raises(ValueError, match="no checkout of accel-tf"):
        script.read_options(["--before", str(tmp_path)])
    with pytest.raises(
        ValueError, match="--ways takes weights, again, openvino"
    ):
        script.read_options(["--ways", "weights,boat"])


@pytest.mark.slow
def test_a_start_is_measured(tmp_path):
    out = tmp_path / "start.json"
    arguments = ["--models", "accel_tiny", "--size", "64x128", "--rounds", "1"]
    load_script("benchmark_start").main([*arguments, "--out", str(out)])
    row, again = json.loads(out.read_text())["rows"]
    assert (row["way"], again["way"]) == ("weights", "again")
    (found,) = row["rounds"]
    assert 0 < found["first_seconds"] < found["second_seconds"]
    assert found["file_bytes"] < found["resident_bytes"]
    assert found["resident_bytes"] <= found["peak_bytes"] + 2**26
