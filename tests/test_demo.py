import json

import keras

from accel_tf.data.label_maps import STREETS
from accel_tf.datasets.synthetic_streets import SyntheticStreetsConfig
from accel_tf.demo import run_demo
from accel_tf.video import open_video


def test_demo_leaves_its_results(tmp_path):
    config = SyntheticStreetsConfig(
        name="miniature",
        height=96,
        width=192,
        train_sequences=2,
        train_length=5,
        validation_sequences=1,
        validation_length=3,
    )
    rows = run_demo(tmp_path, steps=(2, 2, 2, 2), config=config)
    assert [(row["system"], row["interval"]) for row in rows] == [
        ("DeepLab, reference branch", 1),
        ("DeepLab, update branch", 1),
        ("Deep Feature Flow", 2),
        ("Deep Feature Flow", 5),
        ("Deep Feature Flow", 10),
        ("Accel", 2),
        ("Accel", 5),
        ("Accel", 10),
    ]
    assert json.loads((tmp_path / "results.json").read_text()) == rows
    for row in rows:
        assert 0 < row["mean_iou"] < 1
        assert row["milliseconds_per_frame"] > 0
        assert set(row["iou_per_class"]) == set(STREETS.names)
    by_name = {(row["system"], row["interval"]): row for row in rows}
    cost = "mega_multiply_adds_per_frame"
    reference = by_name["DeepLab, reference branch", 1][cost]
    assert by_name["Accel", 5][cost] < 0.6 * reference
    assert by_name["Deep Feature Flow", 5][cost] < by_name["Accel", 5][cost]

    model = keras.saving.load_model(tmp_path / "accel_tiny.keras")
    assert model.trained_size == (96, 192)
    assert model.name == "accel_tiny" and model.label_map == STREETS
    with open_video(tmp_path / "overlay.mp4") as video:
        assert len(list(video)) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "accel_tiny.keras",
        "accuracy_against_time.png",
        "data",
        "overlay.mp4",
        "overlay.png",
        "results.json",
        "results.md",
    ]
