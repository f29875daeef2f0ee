import json

import numpy as np
import pytest
from recipe_scripts import load_script


@pytest.fixture(scope="module")
def agreement():
    return load_script("clip_agreement")


class Model:
    frames = 2
    num_classes = 8
    crop_size = 16
    class_names = ("no", "yes")


class Stream:
    """Decides by the brightness of the frame, or always for the first."""

    def __init__(self, model, mode="window", step=1, every=1):
        assert step == 1
        self.mode, self.every = mode, every
        self.reset_state()

    def reset_state(self):
        self.seen = 0

    @property
    def is_full(self):
        return self.seen >= Model.frames

    def __call__(self, frame):
        self.seen += 1
        bright = frame.mean() > 100 and self.every != 2
        return np.array([[0.25, 0.75] if bright else [0.5, 0.5]], "float32")


def test_modes_are_compared_wherever_a_clip_has_ended(agreement, monkeypatch):
    monkeypatch.setattr(agreement, "ClipStream", Stream)
    monkeypatch.setattr(agreement, "as_causal", lambda model: model)
    frames = np.zeros((4, 2, 2, 3), "uint8")
    frames[1:] = 200  # windows of 1-2, 2-3, 3-4, all bright at their end
    streams = [(frames, np.array([-1, -1, 1, 1]))]
    found = agreement.compare_modes(Model, None, streams, [2, 4])
    assert (found["windows"], found["labelled"]) == (3, 2)
    rows = {row.pop("mode"): row for row in found["rows"]}
    same = {"same_class": 1.0, "difference": 0.0, "right": 1.0}
    assert rows["window"] == rows["window, every 4"] == same
    assert rows["window, every 2"] == {
        "same_class": 0.0,
        "difference": 0.25,
        "right": 0.0,
    }
    assert "causal, trained as such" not in rows


def test_the_class_of_drawn_motion_is_known_at_the_end_of_a_clip(
    agreement, monkeypatch
):
    monkeypatch.setattr(Model, "frames", 3)
    [(frames, labels)] = agreement.drawn_motion(Model, 8)
    assert frames.shape == (24, 16, 16, 3)
    labels = labels.reshape(8, 3)
    np.testing.assert_array_equal(labels[:, :2], -1)
    assert sorted(labels[:, 2]) == list(range(8))


def test_a_folder_without_a_video_of_a_class(agreement, tmp_path):
    (tmp_path / "other.mp4").touch()
    with pytest.raises(ValueError, match="no video that is called as a class"):
        agreement.read_videos(Model, tmp_path, 1)


def test_tables():
    def times(processor):
        each = {"median": processor, "lowest": processor / 2}
        return {"processor": each, "wall": each}

    results = {
        "speed": {
            "machine": {"processor": "a processor", "tensorflow": "2.21"},
            "load_average_before": 0.5,
            "size": "16x224x224",
            "rounds": 3,
            "rows": [
                {"model": "m", "way": "clip", "milliseconds": times(80.0)},
                {"model": "m", "way": "causal", "milliseconds": times(10.0)},
            ],
        },
        "agreement": {
            "signs": {
                "windows": 4,
                "labelled": 3,
                "rows": [
                    {
                        "mode": "causal",
                        "same_class": 0.75,
                        "difference": 0.0314,
                        "right": 0.5,
                    }
                ],
            }
        },
    }
    format_clip_stream = load_script("speed_tables").format_clip_stream
    lines = format_clip_stream(json.loads(json.dumps(results))).splitlines()
    assert "| `m`, a whole clip | 80 (40) | 100% |" in lines
    assert "| `m`, a new frame, `causal` | 10 (5) | 12% |" in lines
    assert "| signs, `causal` | 75.0% | 0.031 | 50.0% |" in lines
    assert lines[-1] == "signs: 4 windows, the class of 3 is known."


@pytest.mark.parametrize(
    "options, words",
    [
        (["speed", "--rounds", "0"], "--rounds"),
        (["agreement", "--videos", "motion"], "--model, --title"),
    ],
)
def test_mistakes(options, words):
    with pytest.raises(ValueError, match=words):
        load_script("benchmark_clip_stream").main(options)
