"""Which candidates a plan measures, with a clock and times of its own."""

import dataclasses

import pytest

from accel_tf.planning.beside import Beside
from accel_tf.planning.candidates import ModelName, Variant
from accel_tf.planning.front import best, front
from accel_tf.planning.results import Goal, Result
from accel_tf.planning.scores import Score
from accel_tf.planning.search import Search

BESIDE = Beside(wall=5.0, processor=4.0, cores=2)


@dataclasses.dataclass
class Facts:
    """What a candidate would show; milliseconds of key and other frames."""

    key: float
    non_key: float = 0.0
    cost: float = 1.0
    score: dict = dataclasses.field(default_factory=dict)
    run: float = 1.0  # share of the expected rate
    error: Exception | None = None


class FakeBench:
    """Gives what was said beforehand; its clock goes on by that."""

    start_seconds = 1.0

    def __init__(self, facts):
        self.facts, self.now, self.done = facts, 0.0, []

    def describe(self, variant):
        facts = self.facts[variant]
        cost = {"key": facts.cost, "non_key": facts.cost}
        return Result(variant, cost, uses_key_frames=facts.non_key > 0)

    def start(self, result):
        facts = self.facts[result.variant]
        if facts.error:
            raise facts.error
        self.now += self.start_seconds
        result.start_seconds = self.start_seconds
        result.model_size, result.beside = (8, 8), BESIDE
        return FakeTrial(self, result.variant, facts)

    def scored_frames(self, intervals):
        return 10, 10


class FakeTrial:
    def __init__(self, bench, variant, facts):
        self._bench, self._facts = bench, facts
        self._name = variant.name.text

    def _note(self, what):
        self._bench.done.append(f"{self._name} {what}")

    def time_first(self):
        self._note("first")
        others = [self._facts.non_key / 1000] if self._facts.non_key else []
        return {"key": [self._facts.key / 1000], "non_key": others}

    def time_more(self):
        self._note("more")
        return self.time_first()

    def score(self, intervals):
        self._note("scores")
        return {n: Score(1.0, self._facts.score.get(n, 0.5)) for n in intervals}

    def run(self, interval, rate):
        self._note(f"run {interval}")
        return self._facts.run * rate


def variant(name, runtime="tensorflow", size=None):
    return Variant(ModelName(name, name), runtime, size=size)


GOAL = Goal(10.0)


def search(facts, goal=GOAL, intervals=(1, 5), seconds=1000, later=()):
    bench = FakeBench(facts)
    search = Search(bench, goal, intervals, seconds, clock=lambda: bench.now)
    first = [each for each in facts if each not in later]
    search.run([first, list(later)])
    return search, bench, best(search.rows(), goal)


def why(search, one):
    return next(x.left_out for x in search.results if x.variant == one)


def test_the_best_labels_that_keep_the_rate_are_recommended():
    light, deep = variant("light"), variant("deep")
    _, bench, chosen = search(
        {
            deep: Facts(300, 30, cost=9, score={1: 0.99, 5: 0.8}),
            light: Facts(20, cost=1, score={1: 0.6}),
        }
    )
    # (300 + 4 * 30) / 5 = 84 ms and 2 ms of the processor beside it.
    assert chosen.result.variant == deep and chosen.interval == 5
    assert chosen.frame == pytest.approx(86)
    assert chosen.worst == pytest.approx(302)
    assert chosen.run == pytest.approx(1000 / 86)
    # The cheap one first.
    assert bench.done[0] == "light first" and bench.done[-1] == "deep run 5"


def test_the_margin_is_to_spare():
    one = variant("one")
    assert search({one: Facts(92)}, Goal(10.0, 0.05))[2] is not None
    assert search({one: Facts(92)}, Goal(10.0, 0.1))[2] is None


def test_who_does_not_keep_the_rate_in_a_run_is_not_recommended():
    first, second = variant("first"), variant("second")
    _, bench, chosen = search(
        {
            first: Facts(50, cost=1, score={1: 0.6}),
            second: Facts(60, cost=2, score={1: 0.9}, run=0.5),
        }
    )
    assert chosen.result.variant == first
    assert bench.done.count("second run 1") == 1


def test_the_next_interval_is_run_where_one_does_not_keep_up():
    one = variant("one")
    facts = {one: Facts(50, 40, score={1: 0.9, 5: 0.8}, run=0.5)}
    _, bench, chosen = search(facts)
    assert [x for x in bench.done if "run" in x] == ["one run 1", "one run 5"]
    assert chosen.interval == 5 and chosen.run == pytest.approx(500 / 44)


def test_the_far_too_slow_are_left_after_one_frame():
    quick, slow = variant("quick"), variant("slow")
    found, bench, _ = search(
        {quick: Facts(50, cost=1), slow: Facts(500, cost=2)}
    )
    assert why(found, slow) == "far too slow: 502 ms a frame"
    assert "slow more" not in bench.done and "slow scores" not in bench.done


def test_the_nearest_of_too_slow_ones_is_looked_at():
    one, two = variant("one"), variant("two")
    found, bench, chosen = search(
        {one: Facts(900, cost=1), two: Facts(600, cost=2)}
    )
    assert chosen is None
    assert [x for x in bench.done if "scores" in x] == [
        "one scores",
        "two scores",
    ]


def test_greater_frames_than_those_too_slow_are_not_begun():
    small, great = variant("a", size=(4, 4)), variant("a", size=(8, 8))
    found, bench, _ = search(
        {small: Facts(500, cost=1), great: Facts(1, cost=4)}
    )
    assert why(found, great).startswith(
        "far too slow, as a, tensorflow, 4x4 shows: about 2008 ms"
    )
    assert bench.done.count("a first") == 1


def test_a_quicker_runtime_may_leap_but_not_that_far():
    slow, quick = variant("a"), variant("a", "openvino")
    found, _, chosen = search({slow: Facts(1500), quick: Facts(50)})
    assert chosen.result.variant == quick
    found, _, chosen = search({slow: Facts(2500), quick: Facts(50)})
    assert chosen is None and "far too slow, as a" in why(found, quick)


def test_labels_of_a_slower_runtime_are_not_looked_at_again():
    quick, slow = variant("a"), variant("a", "openvino")
    found, bench, _ = search({quick: Facts(50), slow: Facts(60)})
    assert why(found, slow) == "gives the labels of a, tensorflow, but slower"
    assert bench.done.count("a scores") == 1


def test_what_cannot_be_better_comes_last():
    """In another runtime the light one has the labels it had before."""
    names = [
        variant(name, runtime)
        for runtime in ("tensorflow", "openvino")
        for name in ("light", "deep")
    ]
    facts = {each: Facts(50, cost=1, score={1: 0.6}) for each in names}
    for each in names:
        if each.name.text == "deep":
            facts[each] = Facts(300, cost=2, score={1: 0.9})
    facts[variant("deep", "openvino")].key = 40
    found, _, chosen = search(facts)
    order = [(x.variant.name.text, x.variant.runtime) for x in found.results]
    assert order[2:] == [("deep", "openvino"), ("light", "openvino")]
    assert chosen.result.variant == variant("deep", "openvino")


def test_time_runs_out():
    """One is measured however long that takes, and the rest is named."""
    names = [variant(name) for name in "abc"]
    found, bench, chosen = search(
        {each: Facts(50) for each in names}, seconds=0.5
    )
    assert [x.left_out for x in found.results][1:] == ["no time was left"] * 2
    assert found.results[0].left_out.startswith("no time was left to look at")
    assert chosen.result.variant == names[0] and chosen.run is None


def test_smaller_sizes_are_tried_only_if_needed():
    great, small = variant("a"), variant("a", size=(4, 4))
    found, bench, _ = search({great: Facts(50), small: Facts(9)}, later=[small])
    assert found.unneeded == [small] and len(found.results) == 1
    found, bench, chosen = search(
        {great: Facts(200, cost=4), small: Facts(9)}, later=[small]
    )
    assert not found.unneeded and chosen.result.variant == small


def test_smaller_frames_come_before_a_runtime_that_was_slower():
    """All sizes that were begun are gone through, the better labels last."""
    great = [variant(name, "tensorflow") for name in "ab"]
    slow = [variant(name, "openvino") for name in "ab"]
    small = [variant(name, size=(4, 4)) for name in "ab"]
    facts = {each: Facts(200, cost=4) for each in great}
    facts |= {each: Facts(300, cost=4) for each in slow}
    facts |= {each: Facts(50, score={1: 0.4}) for each in small}
    found, _, chosen = search(facts, later=small)
    order = [x.variant for x in found.results]
    assert order == [*great, slow[0], *small, slow[1]]
    assert chosen.result.variant in small


def test_a_slow_run_tells_of_other_intervals_too():
    """22.7 frames per second are expected, of which a run makes 80 %."""
    one = variant("one")
    facts = {one: Facts(60, 39, score={1: 0.9, 5: 0.8}, run=0.8)}
    found, _, chosen = search(facts, Goal(15.0), intervals=(1, 5, 10))
    runs = {row.interval: row.run for row in found.rows()}
    assert runs[1] is None and chosen.interval == 5
    assert runs[5] == pytest.approx(800 / 45.2)
    first, _, last = found.rows()
    assert not first.reaches(Goal(15.0))  # 16.1 without a run
    assert last.expected == pytest.approx(0.8 * last.rate)


def test_what_does_not_run_is_named():
    one = variant("one")
    found, _, _ = search({one: Facts(1, error=ValueError("no\nprogram"))})
    assert why(found, one) == "no program" and found.rows() == []


def test_front_and_near_ties():
    a, b, c = variant("a"), variant("b"), variant("c")
    found, _, chosen = search(
        {
            a: Facts(20, score={1: 0.700}),
            b: Facts(30, score={1: 0.701}),
            c: Facts(40, score={1: 0.6}),
        }
    )
    assert [x.result.variant for x in front(found.rows())] == [a, b]
    assert chosen.result.variant == a
