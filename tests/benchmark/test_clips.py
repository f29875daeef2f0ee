"""Classifiers of clips in a benchmark: routing, numbers and the table."""

import json

import numpy as np
import pytest

from accel_tf.benchmark import clips, compare
from accel_tf.benchmark.report import format_markdown
from accel_tf.benchmark.spread import spread
from accel_tf.benchmark.summary import summarize_classifier
from accel_tf.benchmark.systems import System, describe_system

SYSTEMS = [System("vov3d_m"), System("x3d_m"), System("x3d_m", "exact")]
FACTS = {
    "parameters": 3_800_000,
    "multiply_adds": 5_000_000_000,
    "load_seconds": 1.0,
    "first_clip_seconds": 2.5,
    "loading_peak_memory_bytes": 900_000_000,
    "peak_memory_bytes": 700_000_000,
    "peak_device_memory_bytes": None,
}


@pytest.fixture
def results():
    """Of two rounds; processor seconds of a clip 1 and 2, 0.5 and 2, 4."""
    rounds = [
        {
            0: [(3.0, 1.0 * k)],
            1: [(3.0, 0.5 * k)],
            2: [(3.0, 2.0 * k)],
            "limits": {"gigaflops": 100.0, "gigabytes": 10.0},
        }
        for k in (1, 2)
    ]
    rows = [
        summarize_classifier(
            rounds, SYSTEMS, index, FACTS | describe_system(system), "processor"
        )
        for index, system in enumerate(SYSTEMS)
    ]
    return {
        "machine": {"processor": "a processor", "cores": 2, "keras": "3.12"},
        "conditions": {
            "clip": "16x224x224",
            "clips_per_round": 1,
            "rounds": 2,
            "threads": 1,
            "device": "cpu",
            "clock": "processor",
            "weights": "random",
            "load_average_before": None,
        },
        "limits": {"gigaflops": spread([100.0]), "gigabytes": spread([10.0])},
        "rows": rows,
    }


def test_rows(results):
    rows = results["rows"]
    assert rows[1]["clip"]["processor_milliseconds"]["median"] == 750.0
    assert rows[1]["clip"]["wall_milliseconds"]["lowest"] == 3000.0
    # 10 GFLOP in 0.5 s, and in 1 s, of 100 a second.
    assert rows[1]["share_of_limit"] == 0.15
    assert rows[1]["of_first_model"]["median"] == 0.5
    assert rows[2]["of_first_model"]["median"] == 1.0
    assert rows[2]["of_first_variant"]["median"] == 4.0


def test_a_table_of_their_own(results):
    results = json.loads(json.dumps({"classifiers": results}))
    lines = format_markdown(results).splitlines()
    cells = [[x.strip() for x in line.strip("|").split("|")] for line in lines]
    assert cells[0] == [
        *["model", "form", "runtime", "ms per clip", "of vov3d_m"],
        *["of fused, tensorflow", "GMAC per clip", "of the limit"],
        *["M parameters", "MB", "s to start"],
    ]
    assert cells[3] == [
        *["x3d_m", "fused", "tensorflow", "750.0 (500.0)", "0.50", "1.00"],
        *["5", "15%", "3.8", "700", "3.5"],
    ]
    assert "2 rounds of 1 clip(s) of 16x224x224, batch 1, uint8" in lines[-1]
    assert "Ratios are medians" in lines[-1]


def test_classifiers_are_measured_apart(results, monkeypatch, capsys):
    asked = {}

    def measure(systems, *arguments, **settings):
        asked["segmenters"] = [x.preset for x in systems], settings["frames"]
        return {}

    def measure_clips(systems, clip, **settings):
        asked["classifiers"] = [x.preset for x in systems], clip, settings
        return results

    monkeypatch.setattr(compare, "measure", measure)
    monkeypatch.setattr(compare, "measure_clips", measure_clips)
    given = {"clip": (8, 64, 64), "rounds": 3, "threads": 2}
    compare.benchmark(["x3d_m", "accel_18", "vov3d_m"], **given)
    assert asked["segmenters"] == (["accel_18"], None)
    presets, clip, settings = asked["classifiers"]
    assert (presets, clip) == (["x3d_m", "vov3d_m"], (8, 64, 64))
    assert (settings["clips"], settings["rounds"]) == (1, 3)
    assert "ms per clip" in capsys.readouterr().out
    with pytest.raises(ValueError, match="--profile and --kernels are about"):
        compare.benchmark(["x3d_m"], kernels=True)


def test_a_classifier_is_timed(monkeypatch):
    """The process of a system, with a network that is quick."""
    calls = []

    def make(system, clip, threads):
        facts = {**describe_system(system), "clip": clip}
        return lambda clips: calls.append(clips.shape), facts

    monkeypatch.setattr(clips, "_make", make)
    monkeypatch.setattr(clips.devices, "prepare", lambda *arguments: None)
    monkeypatch.setattr(clips.devices, "forget_peak", lambda: False)
    timed = clips.TimedClassifier(
        System("x3d_m", batch=2), np.zeros((4, 32, 48, 3), "uint8")
    )
    times = timed.time_clips(3)
    assert len(times) == 3 and all(0 <= wall < 1 for wall, _ in times)
    assert set(calls) == {(2, 4, 32, 48, 3)} and len(calls) == 7
    facts = timed.describe()
    assert facts["clip"] == (4, 32, 48) and facts["peak_memory_bytes"] is None
