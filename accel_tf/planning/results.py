"""What a plan has found out about its candidates."""

import dataclasses
import statistics

from accel_tf.evaluation.timing import mean_over_interval


@dataclasses.dataclass
class Result:
    """What is known of a `Variant`.

    Attributes:
        variant: `Variant`.
        cost: dict of `"key"` and `"non_key"` -> multiply-additions, `None`
            where nothing tells.
        uses_key_frames: of the model.
        model_size: `(height, width)` of the frames that the model sees.
        beside: `Beside`; `None` before it was run.
        start_seconds: conversion and compilation.
        times: dict of `"key"` and `"non_key"` -> seconds of the model.
        scores: dict of interval -> `Score`.
        runs: dict of interval -> frames per second of a whole run.
        left_out: one line why it was not measured to its end, or `None`.
    """

    variant: object
    cost: dict
    uses_key_frames: bool
    model_size: tuple | None = None
    beside: object = None
    start_seconds: float | None = None
    times: dict = dataclasses.field(default_factory=dict)
    scores: dict = dataclasses.field(default_factory=dict)
    runs: dict = dataclasses.field(default_factory=dict)
    left_out: str | None = None

    def rows(self, intervals):
        """list of `Row`, one an interval; none before it was timed."""
        if not self.times:
            return []
        if not self.uses_key_frames:
            intervals = [1]
        return [Row(self, interval) for interval in intervals]

    def step(self, interval):
        """Milliseconds of the model, mean over the interval."""
        kinds = {
            "key": self.milliseconds("key"),
            "non_key": self.milliseconds("non_key") or 0.0,
        }
        return mean_over_interval(kinds, interval)

    def milliseconds(self, kind, of=statistics.median):
        """Of the model on one kind of frames; `None` if there are none."""
        times = self.times[kind]
        return 1000 * of(times) if times else None

    def cost_per_frame(self, interval):
        """Multiply-additions, mean over the interval; infinite if unknown."""
        if None in self.cost.values():
            return float("inf")
        return mean_over_interval(
            self.cost, interval if self.uses_key_frames else 1
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Row:
    """A `Result` at one interval.

    Attributes:
        result: `Result`.
        interval: frames from one key frame to the next; 1 for models without
            key frames.
    """

    result: Result
    interval: int

    @property
    def frame(self):
        """Milliseconds from one labelled frame to the next, on average."""
        return self.result.beside.frame(self.result.step(self.interval))

    @property
    def worst(self):
        """Milliseconds of the slowest frame: the model on a key frame."""
        slowest = self.result.milliseconds("key", max)
        return self.result.beside.frame(slowest)

    @property
    def rate(self):
        """Frames per second by the times of single frames."""
        return 1000 / self.frame

    @property
    def run(self):
        """Frames per second of a whole run; `None` if there was none."""
        return self.result.runs.get(self.interval)

    @property
    def expected(self):
        """Frames per second as a run makes or would make them.

        Where a run of the same candidate was slower than single frames were,
        so are others.
        """
        if self.run is not None:
            return self.run
        shares = [
            other.run / other.rate
            for other in self.result.rows(self.result.runs)
            if other.run is not None
        ]
        return self.rate * min(shares, default=1.0)

    @property
    def score(self):
        """`Score`, or `None`."""
        return self.result.scores.get(self.interval)

    def reaches(self, goal):
        """Whether it reaches a `Goal` with the margin, and in its run."""
        has_margin = self.rate >= goal.rate_with_margin
        return has_margin and self.expected >= goal.rate


@dataclasses.dataclass(frozen=True)
class Goal:
    """What is to be reached.

    Attributes:
        rate: frames per second.
        margin: share of the rate that must be to spare by the times of
            single frames.
    """

    rate: float
    margin: float = 0.1

    @property
    def rate_with_margin(self):
        return self.rate * (1 + self.margin)
