"""`compare_pulse` on a few small frames."""

import json

import numpy as np
import pytest
from small_models import built

from accel_tf.data.label_maps import CAMVID_11
from accel_tf.recipes import compare_pulse
from accel_tf.recipes.common.drawn_cuts import Sequences
from accel_tf.recipes.common.keyframe_tables import format_pulse


def test_each_system_is_compared_as_it_is_and_blended(monkeypatch):
    monkeypatch.setattr(compare_pulse, "BLENDS", (5,))
    systems = compare_pulse.make_systems({"Accel": built("accel")})
    blended = {
        name: model.blend for name, model in systems.items() if model.blend
    }
    assert len(systems) == 9 and len(blended) == 4
    for name, frames in blended.items():
        plain, _, end = name.rpartition(", blended over ")
        assert int(end) == frames and systems[plain].blend == 0
    fused = [
        getattr(each, "fuse_key_frames", None) for each in systems.values()
    ]
    assert fused.count(True) == fused.count(False) == 2


@pytest.mark.slow
def test_it_needs_no_trained_models(tmp_path, monkeypatch, untraced):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (12, 16, 24, 3), np.uint8)
    labels = rng.integers(0, 11, (12, 16, 24, 1), np.uint8)
    video = {"frames": frames, "labels": labels, "label_positions": range(12)}
    sequences = Sequences([video])
    sequences.class_names = CAMVID_11.names
    asked = []

    def prepared(name, data_dir):
        asked.append((name, data_dir))

    monkeypatch.setattr(compare_pulse, "prepared_builder", prepared)
    monkeypatch.setattr(
        compare_pulse, "read_sequences", lambda builder, split: sequences
    )
    make = compare_pulse.make_systems
    few = "Accel", "Accel, blended over 5"
    monkeypatch.setattr(
        compare_pulse,
        "make_systems",
        lambda accels: {n: x for n, x in make(accels).items() if n in few},
    )
    path = tmp_path / "pulse.json"
    options = ["--data-dir", "data", "--frames", "11", "--json", str(path)]
    compare_pulse.main(options)
    assert asked == [("camvid_sequences/segnet_480x360", "data")]
    report = json.loads(path.read_text())
    published, blended = report["rows"]
    assert published["frames"] == blended["frames"] == 11
    assert blended["change_key"] < published["change_key"]
    assert blended["key_multiply_adds"] > published["key_multiply_adds"]
    assert "| Accel, blended over 5 |" in format_pulse(report)
