"""What candidates' labels are compared with."""

import types

import numpy as np
import pytest
from fake_segmenters import Frames, PaintedLabels, RepeatsKeyFrame

from accel_tf.planning.candidates import ModelName
from accel_tf.planning.reference import costliest, label_windows
from accel_tf.planning.scores import OnData
from accel_tf.planning.windows import Sample
from accel_tf.segmentation.options import SegmentOptions

FULL = SegmentOptions()


def painted(*values, size=(8, 8)):
    """Frames of one class each."""
    frames = np.zeros((len(values), *size, 3), np.uint8)
    frames[..., 0] = np.array(values)[:, None, None]
    return frames


def test_a_reference_labels_as_many_windows_as_there_is_time(untraced):
    sample = Sample("a", (8, 8), 25.0, 9, [painted(0, 1, 2)] * 3)
    _, reference = label_windows("a", PaintedLabels(3), sample, 1e6)
    assert (reference.frames, reference.model_size) == (9, (8, 8))
    _, reference = label_windows("a", PaintedLabels(3), sample, 1e-6)
    assert reference.frames == 3


def test_intervals_are_told_apart_by_the_distance(untraced):
    sample = Sample("a", (8, 8), 25.0, 8, [painted(0, 0, 1, 1)] * 2)
    scorer, _ = label_windows("a", PaintedLabels(2), sample, 1e6)
    scores = scorer.score(RepeatsKeyFrame(2), FULL, [1, 2, 4])
    assert [scores[n].pixels for n in (1, 2, 4)] == [1.0, 1.0, 0.5]
    # Of the first class 2 of 4 frames, of the second none.
    assert scores[4].mean_iou == pytest.approx(0.25)
    assert scorer.frames([1, 2, 4]) == (2, 6)


def test_labels_are_compared_at_the_size_of_the_video(untraced):
    """A model that sees half the pixels labels all of them."""
    window = painted(0, 0, size=(8, 8))
    window[:, :, 4:, 0] = 1
    sample = Sample("a", (8, 8), 25.0, 2, [window])
    scorer, _ = label_windows("a", PaintedLabels(2), sample, 1e6)
    half = SegmentOptions(size=(4, 4))
    assert scorer.score(PaintedLabels(2), half, [1])[1].pixels == 1.0


def test_what_a_reference_hardly_sees_does_not_count(untraced):
    window = painted(0, 0, size=(40, 40))
    window[0, 0, 0, 0] = 1  # 1 of 3200 pixels, lost in the next frame
    sample = Sample("a", (40, 40), 25.0, 2, [window])
    scorer, _ = label_windows("a", PaintedLabels(2), sample, 1e6)
    score = scorer.score(RepeatsKeyFrame(2), FULL, [2])[2]
    assert score.pixels == 3199 / 3200
    assert score.mean_iou == pytest.approx(3198 / 3199)


def test_other_classes_are_refused(untraced):
    sample = Sample("a", (8, 8), 25.0, 1, [painted(0)])
    scorer, _ = label_windows("a", PaintedLabels(3), sample, 1e6)
    with pytest.raises(ValueError, match="has 4 classes, the data has 3"):
        scorer.score(PaintedLabels(4), FULL, [1])


def test_the_costliest_that_was_taught_is_the_reference():
    costs = {"a": 10**6, "b": 10**9, "c": None, "d=random": 10**12}
    models = {}
    for text, cost in costs.items():
        name = ModelName(text, *text.split("=")[:1], tuple(text.split("=")[1:]))
        models[name] = PaintedLabels(2)
        models[name].multiply_adds = lambda *size, c=cost: {"key": c}
    assert costliest(models, (8, 8)).text == "b"


class Sequences(list):
    class_names = ("class_0", "class_1")


def test_labelled_frames_are_spread_over_the_data(untraced, monkeypatch):
    frames = Frames(painted(*[index % 2 for index in range(100)]))
    sequence = {
        "frames": frames,
        "labels": frames.images[..., :1],
        "label_positions": np.arange(100),
    }
    builder = types.SimpleNamespace(info=types.SimpleNamespace(full_name="d"))
    monkeypatch.setattr(
        "accel_tf.data.builders.prepared_builder", lambda *given: builder
    )
    monkeypatch.setattr(
        "accel_tf.data.sequences.read_sequences",
        lambda *given: Sequences([sequence]),
    )
    scorer = OnData("d", split="test")
    assert (scorer.name, scorer.count) == ("d, test", 24)
    scores = scorer.score(RepeatsKeyFrame(2), FULL, [1, 2])
    assert scores[1].pixels == 1.0
    # Every second frame is scored one after its key frame.
    assert scores[2].pixels == 0.5
    assert len(set(frames.read)) < 60
    assert scorer.frames([1, 2]) == (48, 12)
