import numpy as np
import pytest
from fake_segmenters import RepeatsKeyFrame
from small_models import built

from accel_tf.evaluation import mean_over_interval, measure_steps


def _noise(height, width):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)


def test_measure_steps_tells_key_frames_apart(untraced):
    models = {name: built(name) for name in ("accel", "deeplab")}
    times = measure_steps(models, _noise(32, 48), rounds=2)
    for kinds in (times["accel"], times["accel"]["minimum"]):
        assert kinds["key"] > 0 and kinds["non_key"] > 0
    for kinds in (
        times["deeplab"],
        times["deeplab"]["minimum"],
        times["deeplab"]["processor"],
    ):
        assert kinds["key"] == kinds["non_key"] > 0
    for by_kind in times.values():
        for kind in ("key", "non_key"):
            assert by_kind["minimum"][kind] <= by_kind[kind]


def test_models_take_turns():
    calls = []

    class Noted(RepeatsKeyFrame):
        def initial_state(self, *shape):
            calls.append(self.name)
            return super().initial_state(*shape)

    models = {name: Noted(2, name=name) for name in ("first", "second")}
    rounds = []

    def progress(turns):
        for turn in turns:
            rounds.append((turn, len(calls)))
            yield turn

    measure_steps(models, _noise(4, 4), rounds=3, progress=progress)
    # Streams start in the first of the rounds, one after the other.
    assert calls == ["first", "second"]
    assert rounds == [(0, 0), (1, 2), (2, 2), (3, 2), (4, 2)]


def test_rounds_must_be_positive():
    with pytest.raises(ValueError, match="rounds must be 1 or more, got 0"):
        measure_steps({}, _noise(4, 4), rounds=0)


def test_mean_over_interval():
    assert mean_over_interval({"key": 10, "non_key": 2}, 4) == 4
    assert mean_over_interval({"key": 10, "non_key": 2}, 1) == 10
