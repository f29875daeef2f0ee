import numpy as np
import pytest
from fake_segmenters import (
    CountsFrames,
    Frames,
    PaintedLabels,
    RepeatsKeyFrame,
)
from small_models import small_accel

from accel_tf.data.label_maps import CITYSCAPES, STREETS, LabelMap
from accel_tf.evaluation import (
    class_mapping,
    evaluate,
    evaluate_together,
)
from accel_tf.metrics import confusion_matrix
from accel_tf.streaming import FixedInterval, KeyframePolicy, VideoStream

MODES = ("average", "worst", "stream", "every")


def uniform_sequence(classes, labelled=None, size=(1, 2)):
    """Frame i and its label are all of the class `classes[i]`."""
    classes = np.array(classes, "uint8")[:, None, None, None]
    images = np.broadcast_to(classes, (len(classes), *size, 3))
    positions = range(len(classes)) if labelled is None else labelled
    return {
        "frames": Frames(images),
        "labels": images[list(positions), ..., :1],
        "label_positions": np.array(positions),
    }


def hits(evaluation):
    """(correct, counted) pixels by distance."""
    return {
        distance: (int(np.trace(matrix)), int(matrix.sum()))
        for distance, matrix in sorted(evaluation.confusion_by_distance.items())
    }


def test_stream_scores_at_the_distances_as_they_come():
    # Key frames 0, 3 and 6 show 0, 1 and 2.
    sequence = uniform_sequence([0, 0, 1, 1, 1, 1, 2])
    scores = evaluate(RepeatsKeyFrame(3), [sequence], 3, "stream")
    assert hits(scores) == {0: (6, 6), 1: (4, 4), 2: (2, 4)}
    assert (scores.frames, scores.skipped) == (7, 0)
    assert (scores.interval, scores.mode) == (3, "stream")
    np.testing.assert_array_equal(
        scores.confusion, [[4, 0, 0], [2, 6, 0], [0, 0, 2]]
    )
    np.testing.assert_allclose(scores.iou_per_class, [4 / 6, 6 / 8, 1])
    assert scores.mean_iou == pytest.approx((4 / 6 + 6 / 8 + 1) / 3)
    assert list(scores.mean_iou_by_distance) == [0, 1, 2]
    # At distance 2, frame 2 shows class 0 in place of 1; frame 5 is right.
    assert scores.mean_iou_by_distance[2] == pytest.approx((0 + 2 / 4) / 2)


def test_worst_scores_at_the_greatest_distance_only():
    sequence = uniform_sequence([0, 1, 1, 1, 1, 0], labelled=[1, 3, 5])
    scores = evaluate(RepeatsKeyFrame(2), [sequence], 3, "worst")
    # Frame 1 has one frame before it; 3 repeats frame 1; 5 repeats 3.
    assert hits(scores) == {2: (2, 4)}
    assert (scores.frames, scores.skipped) == (2, 1)
    assert sorted(sequence["frames"].read) == [1, 2, 3, 4, 5]


def test_average_takes_the_distances_in_turn_through_the_split():
    sequences = [
        uniform_sequence([0, 0, 1, 1], labelled=[3]),  # distance 0: right
        uniform_sequence([0, 0, 1, 1], labelled=[3]),  # distance 1: right
        uniform_sequence([0, 0, 1, 1], labelled=[3]),  # distance 2: wrong
        uniform_sequence([0, 0, 1, 1], labelled=[2]),  # distance 0: right
        uniform_sequence([1, 0, 1, 1], labelled=[0]),  # distance 1: skipped
        uniform_sequence([1, 0, 1, 1], labelled=[2]),  # distance 2: right
    ]
    scores = evaluate(RepeatsKeyFrame(2), sequences, 3, "average")
    assert hits(scores) == {0: (4, 4), 1: (2, 2), 2: (2, 4)}
    assert (scores.frames, scores.skipped) == (5, 1)
    # Nothing is read that is not in a window, and nothing twice.
    assert sequences[0]["frames"].read == [3]
    assert sorted(sequences[1]["frames"].read) == [2, 3]


def test_every_scores_each_label_at_each_distance():
    sequence = uniform_sequence([0, 0, 1, 1], labelled=[1, 3])
    scores = evaluate(RepeatsKeyFrame(2), [sequence], 3, "every")
    # Frame 1: right at 0 and 1, skipped at 2. Frame 3: right, right, wrong.
    assert hits(scores) == {0: (4, 4), 1: (4, 4), 2: (0, 2)}
    assert (scores.frames, scores.skipped) == (5, 1)


@pytest.mark.parametrize("mode", MODES)
def test_a_per_frame_model_runs_labelled_frames_only(mode):
    sequence = uniform_sequence([0, 1, 1, 0, 1], labelled=[1, 4])
    scores = evaluate(PaintedLabels(2), [sequence], 3, mode)
    assert hits(scores) == {0: (4, 4)}
    assert (scores.interval, scores.frames, scores.skipped) == (1, 2, 0)
    assert sequence["frames"].read == [1, 4]


@pytest.mark.parametrize("mode", MODES)
def test_at_interval_1_labelled_frames_are_key_frames(mode):
    sequence = uniform_sequence([0, 1, 1, 0, 1], labelled=[1, 4])
    scores = evaluate(RepeatsKeyFrame(2), [sequence], 1, mode)
    assert hits(scores) == {0: (4, 4)}
    assert sequence["frames"].read == [1, 4]


@pytest.mark.parametrize("mode", ["average", "worst", "every"])
def test_a_state_without_key_frames_is_warmed_up_in_a_window(mode):
    sequence = uniform_sequence([3, 3, 3, 3, 3], labelled=[1, 2, 4])
    scores = evaluate(CountsFrames(6), [sequence], 3, mode)
    # It has always seen three frames, and so gives class 3.
    assert hits(scores) == {0: (4, 4)}
    assert (scores.interval, scores.frames, scores.skipped) == (1, 2, 1)


def test_a_state_without_key_frames_streams_from_the_first_frame():
    sequences = [uniform_sequence([1, 2, 3, 4]), uniform_sequence([1, 2, 4])]
    scores = evaluate(CountsFrames(5), sequences, 2, "stream")
    assert hits(scores) == {0: (12, 14)}


def test_labels_of_no_class_are_ignored():
    sequence = uniform_sequence([0, 1, 1])
    sequence["labels"] = np.array([[[0, 255]], [[1, 7]], [[255, 1]]], "uint8")[
        ..., None
    ]
    scores = evaluate(PaintedLabels(2), [sequence], 1)
    np.testing.assert_array_equal(scores.confusion, [[1, 0], [0, 2]])


def test_together_gives_what_each_run_gives_alone():
    rng = np.random.default_rng(0)
    sequences = [
        {
            "frames": rng.integers(0, 4, (6, 3, 4, 3), dtype=np.uint8),
            "labels": rng.integers(0, 4, (len(labelled), 3, 4, 1), "uint8"),
            "label_positions": np.array(labelled),
        }
        for labelled in ([0, 3, 4], [5, 2], [])
    ]
    keyed, other = RepeatsKeyFrame(4), CountsFrames(7)
    runs = [(keyed, 3), (other, 2), (keyed, 2), (PaintedLabels(4), 3)]
    for mode in MODES:
        together = evaluate_together(runs, sequences, mode)
        for (model, interval), scores in zip(runs, together, strict=True):
            alone = evaluate(model, sequences, interval, mode)
            assert hits(alone) == hits(scores)
            assert alone.skipped == scores.skipped


@pytest.mark.parametrize("mode", MODES)
def test_progress_adds_up_to_the_sequences(mode):
    shares = []
    sequences = [uniform_sequence([0, 1, 1]), uniform_sequence([0, 1])]
    evaluate_together(
        [(RepeatsKeyFrame(2), 2), (PaintedLabels(2), 1)],
        sequences,
        mode,
        on_progress=shares.append,
    )
    assert sum(shares) == pytest.approx(2)
    assert len(shares) > 2


def test_a_real_model_streams_as_by_hand():
    model = small_accel()
    rng = np.random.default_rng(0)
    sequences = [
        {
            "frames": rng.integers(0, 256, (5, 32, 48, 3), dtype=np.uint8),
            "labels": rng.integers(0, 5, (2, 32, 48, 1), dtype=np.uint8),
            "label_positions": np.array([1, 4]),
        }
        for _ in range(2)
    ]
    stream = VideoStream(model, FixedInterval(3))
    expected = {}
    for sequence in sequences:
        stream.reset_state()
        for index, frame in enumerate(sequence["frames"]):
            predicted = stream(frame[None])[0]
            if index in (1, 4):
                truth = sequence["labels"][[1, 4].index(index), ..., 0]
                distance = stream.frames_since_key
                counts = confusion_matrix(truth, predicted, 5)
                expected[distance] = expected.get(distance, 0) + counts
    scores = evaluate(model, sequences, 3, "stream")
    assert set(scores.confusion_by_distance) == set(expected) == {1}
    np.testing.assert_array_equal(scores.confusion, expected[1])
    assert scores.confusion.sum() == 2 * 2 * 32 * 48


class EveryChange(KeyframePolicy):
    """A key frame where the class changes; it remembers the last one."""

    def __init__(self):
        self.last = 0

    def is_key(self, frame, frames_since_key):
        return frame[0, 0, 0, 0] != self.last

    def observe(self, is_key, signals):
        self.last += is_key

    def reset(self):
        self.last = -1


def test_a_steady_stream_is_scored_as_late_as_it_is():
    sequence = uniform_sequence([0, 0, 1, 1, 1, 1, 1])
    runs = [(RepeatsKeyFrame(2), 2), (PaintedLabels(2), 2)]
    late, each = evaluate_together(runs, [sequence], "stream", steady=2)
    # The key frame 2 counts from the frame 4 on.
    assert late.frame_scores == (1, 1, 0, 0, 1, 1, 1)
    assert late.steady == 2 and late.key_frame_share == pytest.approx(4 / 7)
    assert each.mean_iou == 1 and not each.steady
    with pytest.raises(ValueError, match="use the mode 'stream', not 'worst'"):
        evaluate_together(runs, [sequence], "worst", steady=2)


def test_a_policy_is_scored_beside_an_interval():
    sequence = uniform_sequence([0, 0, 1, 1, 1, 2, 2])
    model, policy = RepeatsKeyFrame(3), EveryChange()
    runs = [(model, 3), (model, policy), (model, policy)]
    fixed, *chosen = evaluate_together(runs, [sequence, sequence], "stream")
    assert fixed.policy is None and fixed.interval == 3
    assert fixed.key_frame_share == pytest.approx(3 / 7)
    # Frames 2 and 5 are wrong.
    assert fixed.worst_frame_mean_iou == 0
    assert fixed.frame_scores == (1, 1, 0, 1, 1, 0, 1) * 2
    for each in chosen:
        assert each.policy == "EveryChange"
        assert each.key_frame_share == pytest.approx(3 / 7)
        assert each.interval == pytest.approx(7 / 3)
        assert each.worst_frame_mean_iou == each.low_frame_mean_iou == 1
        assert each.mean_iou == 1


def test_a_policy_needs_whole_sequences():
    with pytest.raises(ValueError, match="need the mode 'stream', not 'wor"):
        evaluate(RepeatsKeyFrame(2), [], EveryChange(), "worst")


def test_nothing_to_score_is_an_error():
    sequence = uniform_sequence([0, 1], labelled=[0, 1])
    with pytest.raises(ValueError, match="all 2 labelled frames have too few"):
        evaluate(RepeatsKeyFrame(2), [sequence], 5, "worst")
    with pytest.raises(ValueError, match="no labelled frame has a pixel"):
        evaluate(PaintedLabels(2), [uniform_sequence([9, 9])], 1)
    with pytest.raises(ValueError, match="no labelled frame has a pixel"):
        evaluate(PaintedLabels(2), [], 1)


def test_bad_arguments():
    sequence = uniform_sequence([0, 1])
    with pytest.raises(ValueError, match="mode must be one of average, worst"):
        evaluate(PaintedLabels(2), [sequence], 1, "best")
    with pytest.raises(ValueError, match="interval must be a whole number"):
        evaluate(RepeatsKeyFrame(2), [sequence], 0)
    with pytest.raises(ValueError, match="needs consecutive frames"):
        evaluate_together([(PaintedLabels(2), 1)], [sequence], temporal=True)
    with pytest.raises(ValueError, match=r"2 label maps at the positions \[0"):
        evaluate(
            PaintedLabels(2),
            [{**sequence, "label_positions": np.array([0, 2])}],
            1,
        )


def test_classes_of_model_and_data_must_agree():
    named = PaintedLabels(2, LabelMap(("road", "car"), ((0, 0, 0), (9, 9, 9))))
    numbered = PaintedLabels(2)
    assert class_mapping(named, ("road", "car")) is None
    assert class_mapping(numbered, ("road", "car")) is None
    with pytest.raises(ValueError, match="2 classes, the data has 3 .road, c"):
        class_mapping(numbered, ("road", "car", "sky"))
    with pytest.raises(ValueError, match="class 1 is 'car' .*, but 'sky' in"):
        class_mapping(named, ("road", "sky"))

    of_cityscapes = PaintedLabels(19, CITYSCAPES)
    table = class_mapping(of_cityscapes, STREETS.names)
    bus, road = map(CITYSCAPES.names.index, ("bus", "road"))
    assert STREETS.names[table[bus]] == "car"
    assert STREETS.names[table[road]] == "road" and table[255] == 255

    class Sequences(list):
        class_names = ("sky", "road")

    with pytest.raises(ValueError, match="class 0 is 'road'"):
        evaluate(named, Sequences([uniform_sequence([0])]), 1)
