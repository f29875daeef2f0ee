"""Which candidates are measured, how far, and in which order."""

import time

from accel_tf.messages import one_line
from accel_tf.planning.candidates import TENSORFLOW
from accel_tf.planning.front import best, merit
from accel_tf.runtimes.choices import PRECISIONS

_TOO_SLOW = 4.0
"""Times the time of a frame; such a candidate is left after one frame."""
_LEAP = 5.0
"""How much quicker another runtime may be than one that was timed."""
_RESERVE = 0.1
"""Share of the time that is kept for the run of what is recommended."""
_RUN_FRAMES = 20


class Search:
    """Measures candidates until the time is up, the cheap ones first.

    Args:
        bench: what measures, see `accel_tf.planning.bench.Bench`.
        goal: `Goal`.
        intervals: frames from one key frame to the next, ascending.
        seconds: for all of it.
        clock: function that gives seconds, from the start of which on the
            time counts.
        on_step: called with a title before each candidate.

    Attributes:
        results: list of `Result`, of the candidates in the order in which
            they were looked at.
        unneeded: list of `Variant` of stages that were not begun.
    """

    def __init__(
        self, bench, goal, intervals, seconds, clock=time.monotonic,
        on_step=lambda title: None,
    ):  # fmt: skip
        self._bench, self._goal = bench, goal
        self._intervals = tuple(intervals)
        self._clock, self._end = clock, clock() + seconds
        self._reserve = _RESERVE * seconds
        self._on_step = on_step
        self.results, self.unneeded = [], []

    def run(self, stages):
        """Goes through the candidates.

        The cheap ones first, and those last that cannot give better labels
        than what reaches the goal already.

        Args:
            stages: list of lists of `Variant`; one is not begun if the stages
                before have reached the goal.
        """
        pending = [
            (number, self._bench.describe(variant))
            for number, variants in enumerate(stages)
            for variant in variants
        ]
        begun = 0
        while True:
            reached = best(self.rows(), self._goal) is not None
            open_ones = [x for x in pending if x[0] <= begun or not reached]
            if not open_ones:
                break
            number, result = chosen = min(open_ones, key=self._order)
            pending.remove(chosen)
            begun = max(begun, number)
            self._look_at(result)
        self.unneeded = [result.variant for _, result in pending]

    def _look_at(self, result):
        self._on_step(result.variant.title)
        result.left_out = self._why_not(result)
        if result.left_out is None:
            self._measure(result)
        self.results.append(result)

    def _order(self, pair):
        """A key: what promises most comes first.

        All models in one runtime, then in the next one; after smaller frames
        those in a runtime that was slower so far.
        """
        number, result = pair
        kinds = list(PRECISIONS)
        runtime = result.variant.runtime
        return (
            self._is_settled(result),
            self._is_slow(runtime),
            number,
            kinds.index(runtime) + 1 if runtime in kinds else 0,
            result.cost_per_frame(self._intervals[-1]),
        )

    def _is_slow(self, runtime):
        """Whether every model that was timed in it is quicker in another."""
        timed = [x for x in self.results if x.times]
        pairs = [
            (own, other)
            for own in timed
            for other in timed
            if own.variant.runtime == runtime != other.variant.runtime
            and own.variant.outputs == other.variant.outputs
        ]
        return bool(pairs) and all(
            _shortest(own, self._intervals) > _shortest(other, self._intervals)
            for own, other in pairs
        )

    def _is_settled(self, result):
        """Whether others have shown that its labels are no better."""
        known = best(self.rows(), self._goal)
        if known is None or known.score is None:
            return False
        tops = [
            max(merit(row) for row in other.rows(self._intervals))
            for other in self.results
            if other.scores and other.variant.outputs == result.variant.outputs
        ]
        return bool(tops) and max(tops)[:2] <= merit(known)[:2]

    def rows(self):
        """list of `Row` of all that was timed."""
        return [
            row
            for result in self.results
            for row in result.rows(self._intervals)
        ]

    def left(self):
        """Seconds that are left, besides the reserve."""
        return self._end - self._reserve - self._clock()

    def _why_not(self, result):
        """Why a candidate is not even begun, or `None`."""
        # One at least is measured, however long that takes.
        if self.rows() and self.left() <= self._start_seconds(result):
            return "no time was left"
        limit = _TOO_SLOW * 1000 / self._goal.rate
        for other in self.results:
            if not other.times or other.variant.name != result.variant.name:
                continue
            expected = self._expected(result, other)
            leap = _LEAP
            if other.variant.runtime == result.variant.runtime:
                leap = 1.0
            if expected is not None and expected > leap * limit:
                return (
                    f"far too slow, as {other.variant.title} shows: about "
                    f"{expected:.0f} ms a frame there"
                )
        return None

    def _start_seconds(self, result):
        """What conversion and compilation took in this runtime so far."""
        runtimes = (TENSORFLOW, result.variant.runtime)
        seconds = [
            other.start_seconds
            for other in self.results
            if other.times and other.variant.runtime in runtimes
        ]
        return max(seconds, default=0.0)

    def _expected(self, result, other):
        """Milliseconds by the operations, from another of the same model."""
        interval = self._intervals[-1]
        cost = other.cost_per_frame(interval)
        if cost in (0, float("inf")):
            return None
        share = result.cost_per_frame(interval) / cost
        return share * _shortest(other, self._intervals)

    def _measure(self, result):
        try:
            trial = self._bench.start(result)
        except (ValueError, OSError, ImportError) as error:
            result.left_out = one_line(error)
            return
        result.times = trial.time_first()
        shortest = _shortest(result, self._intervals)
        if shortest > _TOO_SLOW * 1000 / self._goal.rate:
            result.left_out = f"far too slow: {shortest:.0f} ms a frame"
            if not self._is_nearest(shortest):
                return
        else:
            result.times = trial.time_more()
        better = self._same_but_quicker(result)
        if better is not None:
            result.left_out = (
                f"gives the labels of {better.variant.title}, but slower"
            )
            return
        self._score(result, trial)
        self._run(result, trial)

    def _is_nearest(self, shortest):
        others = [
            _shortest(x, self._intervals) for x in self.results if x.times
        ]
        return shortest < min(others, default=float("inf"))

    def _same_but_quicker(self, result):
        for other in self.results:
            if other.variant.outputs != result.variant.outputs:
                continue
            pairs = zip(
                other.rows(self._intervals),
                result.rows(self._intervals),
                strict=False,
            )
            if other.scores and all(x.frame <= y.frame for x, y in pairs):
                return other
        return None

    def _score(self, result, trial):
        intervals = [row.interval for row in result.rows(self._intervals)]
        key, others = self._bench.scored_frames(intervals)
        non_key = result.milliseconds("non_key")
        if non_key is None:
            non_key = result.milliseconds("key")
        seconds = (key * result.milliseconds("key") + others * non_key) / 1000
        if seconds > self.left():
            result.left_out = result.left_out or (
                "no time was left to look at its labels, which takes "
                f"{seconds:.0f} s"
            )
            return
        try:
            result.scores = trial.score(intervals)
        except ValueError as error:
            result.left_out = one_line(error)

    def _run(self, result, trial):
        """Runs what would be recommended, until that keeps the rate."""
        known = best(self.rows(), self._goal)
        rows = [
            row
            for row in result.rows(self._intervals)
            if row.reaches(self._goal)
            and (known is None or merit(row) > merit(known))
        ]
        for row in sorted(rows, key=merit, reverse=True):
            if self._end - self._clock() < _RUN_FRAMES / row.rate:
                return
            result.runs[row.interval] = trial.run(row.interval, row.rate)
            if row.reaches(self._goal):
                return


def _shortest(result, intervals):
    return min(row.frame for row in result.rows(intervals))
