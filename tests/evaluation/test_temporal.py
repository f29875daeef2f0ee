import numpy as np
import pytest
from fake_segmenters import PaintedLabels, RepeatsKeyFrame

from accel_tf.evaluation import evaluate_together
from accel_tf.evaluation.flow import match_with_previous


def blinking_sequence(flows=True):
    """One row of four pixels that moves right by a pixel a frame."""
    classes = np.array(
        [[0, 1, 1, 1], [1, 0, 1, 0], [1, 1, 0, 1], [1, 1, 1, 0]], "uint8"
    )
    images = classes[:, None, :, None]
    flow = np.zeros((4, 1, 4, 2), "float32")
    flow[..., 0] = -1
    return {
        "frames": np.repeat(images, 3, axis=-1),
        "labels": images[:1],
        "label_positions": np.array([0]),
        "flows": flow,
    }


def test_consistency_of_streams_by_hand():
    runs = [(PaintedLabels(2), 1), (RepeatsKeyFrame(2), 2)]
    painted, repeated = evaluate_together(
        runs, [blinking_sequence()] * 2, "stream", temporal=True
    )
    # Painted, moved on to the next frame and what is there:
    #   0 1 1 -> 0 1 0    1 0 1 -> 1 0 1    1 1 0 -> 1 1 0, twice
    np.testing.assert_array_equal(
        painted.temporal.confusion, 2 * np.array([[3, 0], [1, 5]])
    )
    assert painted.temporal.agreement == pytest.approx(8 / 9)
    assert painted.temporal.mean_iou == pytest.approx((3 / 4 + 5 / 6) / 2)
    # Followed over two frames: 0 0 0 and 1 1 1; 1 1 1 and 0 0 0.
    assert painted.temporal.followed == 2 * 4
    assert painted.temporal.flickering == 0
    # Repeated 0111, 0111, 1101, 1101: every label is scored, and followed
    #   0 1 1 -> 1 1 1    0 1 1 -> 1 0 1    1 1 0 -> 1 0 1
    np.testing.assert_array_equal(
        repeated.temporal.confusion, 2 * np.array([[0, 3], [2, 4]])
    )
    # Over two frames: (0 1 0) (1 1 1); (0 1 0) (1 0 1).
    assert repeated.temporal.followed == 2 * 4
    assert repeated.temporal.flickering == 2 * 3
    assert painted.frames == repeated.frames == 2
    # By frame: 0 1 1 -> 1 1 1, then 1 0 1 at a key frame, then 1 0 1.
    assert repeated.change_by_kind == pytest.approx(
        {"key": 2 / 3, "after_key": 3 / 6, "other": np.nan}, nan_ok=True
    )
    assert np.isnan(list(painted.change_by_kind.values())).all()


def test_changes_are_told_where_steady_streams_come_to_a_key_frame():
    sequence = blinking_sequence()
    classes = np.arange(7, dtype="uint8")
    frames = np.broadcast_to(classes[:, None, None, None], (7, 1, 4, 3))
    sequence["frames"] = frames
    sequence["flows"] = np.zeros((7, 1, 4, 2), "float32")
    runs = [(RepeatsKeyFrame(7), 3)]
    plain, steady = (
        evaluate_together(runs, [sequence], "stream", True, steady=delay)[0]
        for delay in (False, 2)
    )
    # Labels are 0 0 0 3 3 3 6, and two frames later in a steady stream.
    assert plain.change_by_kind == {"key": 1, "after_key": 0, "other": 0}
    assert steady.change_by_kind == {"key": 1, "after_key": 0, "other": 0}
    assert plain.temporal.changes["key"] == (8, 8)
    assert steady.temporal.changes["key"] == (4, 4)


def test_unlabelled_sequences_count_for_consistency():
    sequence = blinking_sequence()
    unlabelled = {
        **sequence,
        "labels": sequence["labels"][:0],
        "label_positions": np.array([], int),
    }
    (scores,) = evaluate_together(
        [(RepeatsKeyFrame(2), 2)], [sequence, unlabelled], "stream", True
    )
    assert scores.frames == 1
    assert scores.temporal.followed == 8


def textured(height=64, width=96, seed=0):
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width))
    for axis in (0, 1):
        for _ in range(4):
            noise = (noise + np.roll(noise, 1, axis)) / 2
    noise = (noise - noise.min()) / np.ptp(noise) * 255
    return np.repeat(noise[..., None], 3, -1).astype("uint8")


@pytest.mark.parametrize("estimator", ["dis", "farneback"])
def test_flow_is_estimated_where_there_is_none(estimator):
    image = textured()
    frames = [image, np.roll(image, (1, 3), (0, 1))]
    pixels = match_with_previous({}, frames.__getitem__, 1, estimator)
    place = np.arange(64 * 96).reshape(64, 96)
    inner = (slice(8, -8), slice(8, -8))
    expected = np.roll(place, (1, 3), (0, 1))[inner]
    assert np.mean(pixels.source[inner] == expected) > 0.95
    assert pixels.reliable[inner].mean() > 0.95
    # The columns that came in from the left were nowhere before.
    assert pixels.reliable[:, :2].mean() < 0.5


def test_opencv_is_asked_for_when_it_is_needed(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    sequence = blinking_sequence()
    runs = [(PaintedLabels(2), 1)]
    evaluate_together(runs, [sequence], "stream", temporal=True)
    del sequence["flows"]
    with pytest.raises(ImportError, match=r'pip install "accel-tf\[video\]"'):
        evaluate_together(runs, [sequence], "stream", temporal=True)
