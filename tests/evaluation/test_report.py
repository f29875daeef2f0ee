import json

import numpy as np
import pytest
from fake_segmenters import PaintedLabels, RepeatsKeyFrame

from accel_tf.evaluation import Evaluation
from accel_tf.evaluation.report import (
    format_classes,
    format_rows,
    report_row,
    write_report,
)
from accel_tf.metrics import TemporalConsistency, correspondence

NAMES = ("road", "car", "sky")


def evaluation(temporal=None):
    """Class 2 does not occur; at distance 1 nothing is labelled."""
    return Evaluation(
        interval=4,
        mode="average",
        confusion_by_distance={
            2: np.array([[1, 1, 0], [0, 2, 0], [0, 0, 0]]),
            0: np.array([[4, 0, 0], [0, 4, 0], [0, 0, 0]]),
            1: np.zeros((3, 3), int),
        },
        frames=5,
        skipped=2,
        temporal=temporal,
    )


def times(key, non_key):
    return {"key": key, "non_key": non_key}


MILLISECONDS = {
    **times(10.0, 2.0),
    "minimum": times(9.0, 1.5),
    "processor": times(20.0, 4.0),
}


def row(**changes):
    arguments = {
        "system": "mine",
        "model": RepeatsKeyFrame(3, name="repeats"),
        "evaluation": evaluation(),
        "class_names": NAMES,
        "height": 10,
        "width": 100,
    }
    return report_row(**(arguments | changes))


def test_row_has_every_number():
    assert row(milliseconds=MILLISECONDS, split="validation") == {
        "system": "mine",
        "preset": "repeats",
        "interval": 4,
        "policy": None,
        "steady": False,
        "key_frame_share": None,
        "mode": "average",
        "frames": 5,
        "frames_skipped": 2,
        "mean_iou": pytest.approx((5 / 6 + 6 / 7) / 2),
        "pixel_accuracy": pytest.approx(11 / 12),
        "worst_frame_mean_iou": None,
        "low_frame_mean_iou": None,
        "iou_per_class": {
            "road": pytest.approx(5 / 6),
            "car": pytest.approx(6 / 7),
            "sky": None,
        },
        "mean_iou_by_distance": {
            "0": 1.0,
            "1": None,
            "2": pytest.approx((1 / 2 + 2 / 3) / 2),
        },
        "temporal_mean_iou": None,
        "temporal_agreement": None,
        "flicker": None,
        "change_key": None,
        "change_after_key": None,
        "change_other": None,
        "height": 10,
        "width": 100,
        "key_milliseconds": 10.0,
        "non_key_milliseconds": 2.0,
        "key_minimum_milliseconds": 9.0,
        "non_key_minimum_milliseconds": 1.5,
        "key_processor_milliseconds": 20.0,
        "non_key_processor_milliseconds": 4.0,
        "milliseconds_per_frame": 4.0,
        "key_multiply_adds": 30_000,
        "non_key_multiply_adds": 10_000,
        "multiply_adds_per_frame": 15_000.0,
        "split": "validation",
    }


def test_row_without_timing_has_none():
    assert row()["milliseconds_per_frame"] is None
    assert row()["key_processor_milliseconds"] is None


def test_row_with_temporal_consistency():
    consistency = TemporalConsistency(3)
    still = correspondence(np.zeros((1, 4, 2)))
    consistency.update([[0, 0, 1, 1]])
    consistency.update([[0, 1, 1, 1]], still)
    measured = row(evaluation=evaluation(consistency))
    assert measured["temporal_agreement"] == 0.75
    assert measured["temporal_mean_iou"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert measured["flicker"] is None  # two frames: NaN
    measured = format_rows([measured, row()]).splitlines()
    assert "agreement" in measured[0] and "flicker" not in measured[0]
    assert "75.00%" in measured[2] and "75.00%" not in measured[3]


def test_tables():
    other = row(system="other", model=PaintedLabels(3, name="painted"))
    rows = [row(milliseconds=MILLISECONDS), other]
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in format_rows(rows).splitlines()
    ]
    assert lines[0] == [
        "system",
        "interval",
        "mean IoU",
        "pixels",
        "ms key",
        "ms non-key",
        "ms per frame",
        "GMAC per frame",
        "scores",
        "skipped",
    ]
    assert lines[2] == [
        *["mine", "4", "84.5%", "91.7%", "10.0", "2.0", "4.0"],
        *["1.5e-05", "5", "2"],
    ]
    assert lines[3][4:7] == ["-", "-", "-"]
    classes = format_classes(rows).splitlines()
    assert classes[0] == "| IoU  | mine @ 4 | other @ 4 |"
    assert classes[2] == "| road | 83.3%    | 83.3%     |"
    assert classes[4] == "| sky  | -        | -         |"


def test_report_is_json_that_reads_back(tmp_path):
    rows = [row(), row(milliseconds=MILLISECONDS)]
    write_report(rows, tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text()
    assert json.loads(text) == rows
    assert "NaN" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_report_refuses_nan_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises(ValueError):
        write_report([{"mean_iou": float("nan")}], path)
    assert path.read_text() == "old"
    with pytest.raises(FileNotFoundError, match="no such folder"):
        write_report([], tmp_path / "absent" / "report.json")
