import functools
import json

import keras
import pytest
from small_presets import small_presets

from accel_tf import demo
from accel_tf.data.label_maps import STREETS
from accel_tf.datasets.synthetic_streets import SyntheticStreetsConfig
from accel_tf.models.summary import summarize_presets
from accel_tf.video import open_video


@pytest.fixture
def miniature(monkeypatch, untraced):
    """Frames and networks that take a moment; gives the frames' config."""
    monkeypatch.setattr(demo, "CROP", (48, 96))
    monkeypatch.setattr(demo, "INTERVALS", (1, 2))
    quick = functools.partial(demo.measure_steps, rounds=1)
    monkeypatch.setattr(demo, "measure_steps", quick)
    config = SyntheticStreetsConfig(
        name="miniature",
        height=48,
        width=96,
        train_sequences=2,
        train_length=5,
        validation_sequences=1,
        validation_length=2,
    )
    with small_presets():
        yield config


# A stage without steps leaves its network as it is.
@pytest.mark.parametrize(
    "steps",
    [(1, 0, 0, 0), pytest.param((1, 1, 1, 1), marks=pytest.mark.slow)],
)
def test_demo_leaves_its_results(tmp_path, miniature, steps):
    rows = demo.run_demo(tmp_path, steps=steps, config=miniature)
    assert [(row["system"], row["interval"]) for row in rows] == [
        ("DeepLab, reference branch", 1),
        ("DeepLab, update branch", 1),
        ("Deep Feature Flow", 2),
        ("Accel", 2),
    ]
    assert json.loads((tmp_path / "results.json").read_text()) == rows
    for row in rows:
        assert 0 < row["mean_iou"] < 1
        assert row["milliseconds_per_frame"] > 0
        assert set(row["iou_per_class"]) == set(STREETS.names)
    by_name = {(row["system"], row["interval"]): row for row in rows}
    cost = "mega_multiply_adds_per_frame"
    assert by_name["Deep Feature Flow", 2][cost] < by_name["Accel", 2][cost]

    model = keras.saving.load_model(tmp_path / "accel_tiny.keras")
    assert model.trained_size == (48, 96)
    assert model.name == "accel_tiny" and model.label_map == STREETS
    with open_video(tmp_path / "overlay.mp4") as video:
        assert len(list(video)) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "accel_tiny.keras",
        "accuracy_against_time.png",
        "data",
        "overlay.mp4",
        "overlay.png",
        "results.json",
        "results.md",
    ]


def test_the_networks_of_the_demo_save_work():
    reference, accel = summarize_presets(
        96, 192, ["deeplab_tiny", "accel_tiny"]
    )
    cost = accel["key_multiply_adds"] + 4 * accel["non_key_multiply_adds"]
    assert cost / 5 < 0.6 * reference["key_multiply_adds"]
