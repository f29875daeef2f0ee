"""Fleets as clocks, and what the benchmark says of them."""

import json

import pytest

from accel_tf.recipes.benchmarks import benchmark_fleet
from accel_tf.recipes.common.fleet_simulation import Fleet, simulate

COST = {
    "machine": {"processor": "a processor", "cores": 2},
    "model": "accel_tiny",
    "size": "64x96",
    "frames": 36,
    "part_frames": 5,
    "rows": [
        {
            "way": way,
            "processor_milliseconds": [milliseconds],
            "wall_milliseconds": [50.0],
            "first_seconds": [10.0],
        }
        for way, milliseconds in (("plain", 40.0), ("1 worker", 42.0))
    ],
    "task_milliseconds": 0.5,
    "spread": [0.9, 1.0, 1.2],
}


def test_a_worker_alone_takes_the_sum():
    outcome = simulate(Fleet(1, [100, 250], 100, 0.5, start_seconds=0.0))
    assert outcome.seconds == pytest.approx(175)
    assert outcome.efficiency == pytest.approx(1)
    assert outcome.repeated == 0


def test_a_whole_video_is_the_limit_and_parts_are_not():
    videos = [1000] + [10] * 20
    whole = simulate(Fleet(4, videos, None, 0.1))
    parts = simulate(Fleet(4, videos, 100, 0.1))
    assert whole.seconds == pytest.approx(100)
    assert 30 <= parts.seconds < 45


def test_the_store_is_the_limit():
    more = {"frame_bytes": 10.0, "store_bandwidth": 100.0}
    outcome = simulate(Fleet(50, [100] * 50, None, 0.001, **more))
    assert outcome.seconds == pytest.approx(5000 * 10 / 100, rel=0.01)
    assert outcome.store_busy > 0.99


def test_tables_are_printed_and_the_file_keeps_what_it_had(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("accel_tf.recipes.common.fleet_archives.SIZES", (1000,))
    out = tmp_path / "fleet.json"
    out.write_text(json.dumps({"cost": COST}))
    benchmark_fleet.main(["simulate", "--out", str(out)])
    told = capsys.readouterr().out
    assert "| 1 worker | 42.0 | 1.050 | 20.0 | 10 |" in told
    assert "parts of 5 frames" in told
    assert told.count("| 1000 |") == 4
    results = json.loads(out.read_text())
    assert results["cost"] == COST
    assert len(results["simulation"]["rows"]) == 4
