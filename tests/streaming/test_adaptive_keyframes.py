"""`AdaptiveKeyframes`, and the signals that it decides by."""

import numpy as np
import pytest
from backend import to_numpy
from keras import ops
from small_models import small_accel, small_deeplab, small_dff

import accel_tf
from accel_tf.streaming.adaptive_rule import AdaptiveRule

STILL, DRIVE, TURN = 0.001, 0.02, 0.08


def decide(policy, residuals):
    """Which frames of a video with these residuals are key frames."""
    policy.reset()
    keys, since = [], 0
    for index, residual in enumerate(residuals):
        is_key = index == 0 or policy.is_key(None, since + 1)
        since = 0 if is_key else since + 1
        seen = np.float32([0 if is_key else residual])
        policy.observe(is_key, {"residual": seen})
        keys.append(is_key)
    return np.array(keys)


@pytest.mark.parametrize("share", [0.1, 0.2, 1 / 3, 1])
@pytest.mark.parametrize("residual", [0.0, STILL, DRIVE, TURN])
def test_the_share_is_held_whatever_the_video(share, residual):
    keys = decide(accel_tf.AdaptiveKeyframes(share), [residual] * 1500)
    assert keys.mean() == pytest.approx(share, rel=0.1)


def test_a_standing_scene_saves_for_the_turn_after_it():
    parts = [DRIVE] * 100 + [STILL] * 50 + [TURN] * 30 + [DRIVE] * 100
    keys = decide(accel_tf.AdaptiveKeyframes(0.2), 6 * parts)
    assert keys.mean() == pytest.approx(0.2, rel=0.1)
    by_part = keys.reshape(6, -1).mean(0)
    still, turn = by_part[100:150].mean(), by_part[150:180].mean()
    assert still < 0.15 and turn > 0.3


def test_no_more_key_frames_are_owed_than_said():
    policy = accel_tf.AdaptiveKeyframes(0.1, max_debt=3)
    keys = decide(policy, [STILL] * 5 + [0.5] * 200)
    owed = np.cumsum(keys - 0.1)
    assert 2 < owed.max() <= 4


def test_intervals_stay_within_their_limits():
    policy = accel_tf.AdaptiveKeyframes(0.2, min_interval=3, max_interval=7)
    keys = decide(policy, ([STILL] * 60 + [TURN] * 60) * 5)
    intervals = np.diff(np.flatnonzero(keys))
    assert intervals.min() == 3 and intervals.max() == 7


def test_numpy_and_the_backend_come_to_the_same():
    rule = AdaptiveRule(0.2, 1, 20, 5)
    state, tensor = rule.start(), ops.convert_to_tensor(rule.start())
    rng, since = np.random.default_rng(3), 0
    for residual in rng.uniform(0, TURN, 60).astype("float32"):
        since += 1
        is_key = bool(rule.is_due(state, since))
        assert is_key == bool(rule.is_due(tensor, since, ops))
        since = 0 if is_key else since
        seen = np.float32([residual])
        state = rule.after(state, np.bool_(is_key), seen)
        tensor = rule.after(
            tensor, ops.convert_to_tensor(is_key), ops.array(seen), ops
        )
        np.testing.assert_array_equal(state, to_numpy(tensor))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"target_share": 0}, "above 0 and at most 1, such as 0.2, got 0"),
        ({"target_share": "1"}, "got '1'"),
        ({"min_interval": 0}, "min_interval must be a whole number, 1 or"),
        ({"min_interval": 6}, "every 5 frames on average.*got 6 and 20"),
        ({"max_interval": 4}, "got 1 and 4"),
        ({"max_debt": 0.5}, "max_debt must be a whole number"),
    ],
)
def test_wrong_arguments_are_told(arguments, message):
    with pytest.raises(ValueError, match=message):
        accel_tf.AdaptiveKeyframes(**arguments)


def clip(count=4):
    rng = np.random.default_rng(5)
    wide = rng.uniform(0, 255, (1, 48, 96, 3)).astype("uint8")
    return [wide[:, :, 2 * index :][:, :, :64] for index in range(count)]


class Noting(accel_tf.KeyframePolicy):
    """A fixed interval that notes what it is told."""

    def __init__(self, *signals):
        self.signals = signals
        self.told = []

    def is_key(self, frame, frames_since_key):
        return frames_since_key >= 3

    def observe(self, is_key, signals):
        self.told.append((is_key, signals))


def told(model, policy, count):
    """What a policy is told of the first frames."""
    stream = accel_tf.VideoStream(model, policy)
    for frame in clip(count):
        stream(frame)
    return policy.told


def test_a_policy_is_told_the_signals_that_it_names():
    model = accel_tf.fuse_for_inference(small_accel())
    frames = told(model, Noting("motion", "residual", "disagreement"), 4)
    assert [is_key for is_key, _ in frames] == [True, False, False, True]
    for is_key, signals in frames:
        assert sorted(signals) == ["disagreement", "motion", "residual"]
        for value in signals.values():
            assert value.shape == (1,) and value.dtype == np.float32
            assert (value[0] == 0) if is_key else (0 < value[0] < 9)


@pytest.mark.slow
def test_the_fused_form_tells_the_same_signals():
    model, names = small_accel(), ("motion", "residual", "disagreement")
    plain, fused = (
        [signals[name][0] for name in names]
        for form in (model, accel_tf.fuse_for_inference(model))
        for _, signals in told(form, Noting(*names), 2)[1:]
    )
    np.testing.assert_allclose(plain, fused, rtol=0.02, atol=1e-3)


@pytest.mark.slow
def test_labels_do_not_depend_on_the_signals():
    model = small_accel()
    policy = Noting("motion", "residual", "disagreement")
    watched = accel_tf.VideoStream(model, policy)
    plain = accel_tf.VideoStream(model, accel_tf.FixedInterval(3))
    for frame in clip():
        np.testing.assert_array_equal(watched(frame), plain(frame))


@pytest.mark.slow
def test_a_propagated_model_tells_trust_too():
    model = accel_tf.propagate(small_deeplab(), small_dff().flow_network)
    assert model.signals == ("motion", "residual", "trust")
    policy = Noting(*model.signals)
    stream = accel_tf.VideoStream(model, policy)
    for frame in clip(2):
        stream(frame)
    trust = policy.told[1][1]["trust"]
    assert trust[0] == pytest.approx(stream.trust.mean(), abs=1e-5)


def test_who_cannot_tell_says_so():
    policy = accel_tf.AdaptiveKeyframes()
    with pytest.raises(ValueError, match="has no key frames that could be"):
        accel_tf.VideoStream(small_deeplab(), policy)
    with pytest.raises(ValueError, match="tells no trust .it tells: motion,"):
        accel_tf.VideoStream(small_dff(), Noting("trust"))
