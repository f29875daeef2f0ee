"""Where long videos are cut."""

from types import SimpleNamespace

import numpy as np
import pytest

from accel_tf.fleet.parts import Restart, find_restart, plan_parts
from accel_tf.streaming import AdaptiveKeyframes, FixedInterval, SceneCuts
from accel_tf.video.frame_index import FrameIndex


def an_index(count, group=12, rate=10.0):
    numbers = np.arange(count)
    return FrameIndex(numbers * 512, numbers / rate, numbers[::group])


def bounds(parts):
    return [(part.first, part.end) for part in parts]


def test_parts_begin_at_key_frames():
    parts = plan_parts(an_index(100), Restart(5), 30)
    # Of the frames that decode by themselves, 36 is near enough.
    assert bounds(parts) == [(0, 40), (40, 75), (75, 100)]
    for part, following in zip(parts, parts[1:], strict=False):
        assert part.span.first == part.first
        assert part.span.stamps[0] == 512 * part.first
        assert len(part.span.stamps) == part.end - part.first
        assert part.span.checked == following.span.stamps[0]
    assert parts[-1].span.checked is None


def test_a_warm_up_is_read_before_and_begins_at_a_multiple():
    parts = plan_parts(an_index(100), Restart(4, 4), 30)
    assert [part.warm_up for part in parts] == [0, 4, 4]
    for part in parts[1:]:
        assert part.span.first == part.first - 4
        assert part.span.first % 4 == 0
        assert len(part.span.stamps) == part.end - part.first + 4


def test_what_is_left_out_counts_for_no_interval():
    parts = plan_parts(an_index(200), Restart(5), 20, 2.0, 18.0, 3)
    taken = np.arange(20, 180, 3)
    assert parts[0].first == 0 and parts[-1].end == len(taken)
    for part in parts:
        assert part.first % 5 == 0
        assert part.span.first == taken[part.first]
        last = part.span.first + len(part.span.stamps) - 1
        assert last == taken[part.end - 1]


def test_a_short_rest_is_no_part():
    assert bounds(plan_parts(an_index(34), Restart(5), 30)) == [(0, 34)]
    assert plan_parts(an_index(34), Restart(5), 30, start=9.0) == []


def a_stream(policy=None, steady=False, **model):
    known = {"name": "model", "uses_key_frames": False, "state": {}} | model
    known["initial_state"] = lambda *size: known["state"]
    return SimpleNamespace(
        policy=policy or FixedInterval(7),
        steady=steady,
        model=SimpleNamespace(**known),
    )


def test_streams_begin_anew_where_their_state_does():
    restart = find_restart
    assert restart(a_stream(), (8, 8)) == Restart(1)
    assert restart(a_stream(uses_key_frames=True), (8, 8)) == Restart(7)
    buffered = a_stream(state={"keys": 1}, restart_period=4)
    assert restart(buffered, (8, 8)) == Restart(4, 4)


@pytest.mark.parametrize(
    "stream",
    [
        a_stream(SceneCuts(FixedInterval(5)), uses_key_frames=True),
        a_stream(AdaptiveKeyframes(0.2), uses_key_frames=True),
        a_stream(uses_key_frames=True, steady=True),
        a_stream(uses_key_frames=True, key_frames_ask_state=True),
        a_stream(state={"mean": 1}),
    ],
)
def test_others_do_not(stream):
    assert isinstance(find_restart(stream, (8, 8)), str)
