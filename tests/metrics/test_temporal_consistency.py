import numpy as np
import pytest

from accel_tf.metrics import TemporalConsistency, correspondence


def flow(dx, dy=0.0, height=1):
    """`[height, len(dx), 2]`, every row the same."""
    dx = np.asarray(dx, "float32")
    return np.stack(
        [np.tile(dx, (height, 1)), np.full((height, len(dx)), dy)], -1
    ).astype("float32")


def test_warp_takes_the_nearest_pixel_and_knows_the_border():
    # The scene moves right by 1.4 pixels and down by 1.
    pixels = correspondence(flow([-1.4] * 4, -1, height=2))
    warped = pixels.warp(np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), 0)
    np.testing.assert_array_equal(warped, [[0, 0, 0, 0], [0, 1, 2, 3]])
    np.testing.assert_array_equal(
        pixels.reliable, [[False] * 4, [False, True, True, True]]
    )


def test_what_was_hidden_is_not_followed():
    # An object at pixel 1 moved to 2 over a still background: what is at 1
    # now was behind it. Pixel 1 says it was there already, and so does the
    # object: which of them was seen cannot be told.
    pixels = correspondence(flow([0, 0, -1.2, 0]))
    assert pixels.reliable.tolist() == [[True, False, False, True]]
    # Points that move nearly alike hide nothing: the camera comes nearer.
    assert correspondence(flow([0, -0.6, -1.2, -1.8])).reliable.all()


def test_forward_flow_must_lead_back():
    backward = flow([-2, -2, -2, -2, -2, -2])
    forward = flow([2, 2.5, 9, 2, 0, 0])
    pixels = correspondence(backward, forward)
    # 2 and 3 come from 0 and 1, which lead back; 4 comes from 2, not so.
    assert pixels.reliable.tolist() == [[False, False, True, True, False, True]]


def test_invalid_flow_is_unreliable():
    pixels = correspondence(flow([0, np.nan, np.inf, -1e30]))
    assert pixels.reliable.tolist() == [[True, False, False, False]]
    with pytest.raises(ValueError, match=r"flow must be \[H, W, 2\]"):
        correspondence(np.zeros((2, 3, 3)))
    with pytest.raises(ValueError, match=r"flow must be \[H, W, 2\]"):
        correspondence(np.zeros((2, 3, 2)), np.zeros((3, 2, 2)))


def test_labels_that_move_with_the_flow_are_consistent():
    consistency = TemporalConsistency(4)
    moves = correspondence(flow([-1] * 4))
    consistency.update([[0, 1, 2, 3]])
    consistency.update([[3, 0, 1, 2]], moves)
    consistency.update([[3, 3, 0, 1]], moves)
    assert consistency.agreement == 1
    assert consistency.mean_iou == 1
    assert consistency.flicker == 0
    # Three of four pixels are followed by a frame, two by two frames.
    assert consistency.confusion.sum() == 6
    assert consistency.followed == 2


def test_agreement_and_flicker_by_hand():
    consistency = TemporalConsistency(2)
    still = correspondence(flow([0] * 4))
    for labels in ([0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 1]):
        consistency.update([labels], None if labels == [0] * 4 else still)
    # Pairs: 2 of 4 agree, 2 of 4 agree, 3 of 4 agree.
    assert consistency.agreement == pytest.approx(7 / 12)
    # before/now: 0/0 four times, 0/1 four, 1/0 once, 1/1 three times.
    np.testing.assert_array_equal(consistency.confusion, [[4, 4], [1, 3]])
    assert consistency.mean_iou == pytest.approx((4 / 9 + 3 / 8) / 2)
    # Pixel 2 goes 0 1 0 1: it returns in the third and the fourth frame.
    assert (consistency.flickering, consistency.followed) == (2, 8)
    assert consistency.flicker == 0.25


def test_flicker_follows_the_motion():
    consistency = TemporalConsistency(3)
    moves = correspondence(flow([-1] * 4))
    consistency.update([[0, 0, 0, 0]])
    consistency.update([[2, 1, 0, 0]], moves)  # pixel 1 was at 0
    consistency.update([[2, 2, 0, 0]], moves)  # and is at 2, class 0 again
    # Of the two that are followed, at 2 and 3, the first flickers.
    assert (consistency.flickering, consistency.followed) == (1, 2)


def test_sequences_are_kept_apart():
    consistency = TemporalConsistency(2)
    still = correspondence(flow([0, 0]))
    consistency.update([[0, 0]])
    consistency.update([[0, 0]], still)
    consistency.reset()
    consistency.update([[1, 1]])
    consistency.update([[1, 1]], still)
    assert consistency.agreement == 1
    assert consistency.confusion.sum() == 4
    assert np.isnan(consistency.flicker)  # two frames of each only


def test_nothing_measured_is_nan():
    consistency = TemporalConsistency(2)
    consistency.update([[0]])
    for value in (
        consistency.agreement,
        consistency.mean_iou,
        consistency.flicker,
    ):
        assert np.isnan(value)
