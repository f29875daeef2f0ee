"""How often frames are asked for and updates are made."""

import dataclasses
import math

import numpy as np
import pytest

from accel_tf.distill import SamplingRate, UpdatePeriod, label_similarity

# === Similarity ===


def test_similarity_by_hand():
    first = np.array([[0, 0, 1, 1]], "uint8")
    second = np.array([[0, 1, 1, 1]], "uint8")
    # Class 0: 1 of 2 pixels; class 1: 2 of 3.
    expected = (1 / 2 + 2 / 3) / 2
    assert label_similarity([first, second]) == pytest.approx(expected)
    three = label_similarity([first, second, second])
    assert three == pytest.approx((expected + 1) / 2)


def test_only_pixels_that_both_label_count():
    first = np.array([[0, 0, 255, 3, 7]], "uint8")
    second = np.array([[0, 255, 3, 3, 2]], "uint8")
    assert label_similarity([first, second], [3, 0]) == 1.0
    # The pair of 7 and 2 has two classes that nothing is common of.
    assert label_similarity([first, second]) == pytest.approx(2 / 4)


def test_similarity_is_nan_where_nothing_is_common():
    labels = np.zeros((2, 3), "uint8")
    assert math.isnan(label_similarity([labels]))
    assert math.isnan(label_similarity([]))
    assert math.isnan(label_similarity([labels, labels], [4]))
    assert math.isnan(label_similarity([labels, np.zeros((3, 3), "uint8")]))
    abstained = np.full_like(labels, 255)
    # Such a pair does not make the others' mean unknown.
    assert label_similarity([labels, labels, abstained]) == 1.0


def test_classes_that_are_none():
    for classes in ([], [3, 3], [255], [-1]):
        with pytest.raises(ValueError, match="class_indices is"):
            label_similarity([np.zeros((2, 2), "uint8")] * 2, classes)


# === Rate ===


def test_rate_follows_the_similarity():
    rate = SamplingRate(0.5)
    assert rate.step(0.6).rate == 0.5
    expected = 0.5 - 0.2 * math.tanh(20 * 0.05)
    assert rate.step(0.65).rate == pytest.approx(expected)
    assert rate.step(0.0).rate == pytest.approx(0.7)
    assert rate.rate == 0.5  # Nothing changes in place.


def test_rate_stays_within_bounds_and_ignores_nan():
    still, moving = SamplingRate(), SamplingRate(0.1)
    for _ in range(20):
        still, moving = still.step(1.0), moving.step(0.0)
    assert (still.rate, moving.rate) == (0.1, 1.0)
    assert still.step(float("nan")) == still


# === Period ===


def test_period_grows_while_little_happens_and_falls_back_at_once():
    period = UpdatePeriod(10.0)
    periods = []
    for rate in [0.1] * 30:
        period = period.step(rate)
        periods.append(period.period)
    assert periods[:3] == [12.0, 14.0, 16.0]
    assert periods[-1] == 60.0
    # The mean of 0.1, 0.1, 0.1, 1 is below 0.35; with another 1 it is above.
    period = period.step(1.0)
    assert period.is_slow and period.period == 60.0
    period = period.step(1.0)
    assert not period.is_slow and period.period == 10.0


def test_period_has_hysteresis():
    fast = UpdatePeriod(10.0)
    for _ in range(6):
        fast = fast.step(0.3)
    assert not fast.is_slow
    slow = UpdatePeriod(10.0, is_slow=True, rates=(0.3,) * 4).step(0.3)
    assert slow.is_slow and slow.period == 12.0


def test_controllers_survive_as_plain_numbers():
    period = UpdatePeriod(5.0).step(0.2).step(0.1)
    assert UpdatePeriod(**dataclasses.asdict(period)) == period
    rate = SamplingRate().step(0.9)
    assert SamplingRate(**dataclasses.asdict(rate)) == rate
