"""What a plan comes to: texts and numbers."""

from accel_tf.planning import candidates, record, report
from accel_tf.planning.advice import advice
from accel_tf.planning.beside import cores
from accel_tf.planning.front import best, front, nearest
from accel_tf.planning.plot import plot_plan


class Finding:
    """A search that is done.

    Args:
        sample: `Sample`.
        goal: `Goal`.
        against: dict that tells what labels were compared with.
        search: `Search`.
        reasons: dict of `Variant` -> why it cannot be.
        conditions: dict of `runtimes`, names; `threads` of those other than
            TensorFlow, or `None`; `seconds` that the plan could take,
            `seconds_taken`; and `load_average_before`, or `None`.

    Attributes:
        rows: list of `Row`.
        best: the recommended `Row`, or `None`.
        against: what labels were compared with, in a few words.
    """

    def __init__(self, sample, goal, against, search, reasons, conditions):
        self._sample, self._goal, self._told = sample, goal, against
        self._results = search.results
        self._reasons = reasons | dict.fromkeys(
            search.unneeded, "not needed, the greater size reaches the rate"
        )
        self._given = conditions
        self.rows = search.rows()
        self.best = best(self.rows, goal)
        self.against = against.get("data") or (
            f"{against['reference']} on every frame"
        )

    def text(self):
        """All of it for people, in several lines."""
        blocks = [self._about()]
        blocks += self._reached() if self.best else self._not_reached()
        return "\n\n".join(filter(None, blocks))

    def plot(self, path):
        """Draws it, see `plot_plan`."""
        plot_plan(self.rows, self._goal, self.best, self.against, path)

    def record(self):
        """All of it as plain JSON types.

        Returns:
            dict: `machine`; `conditions` (the video, what was to be reached,
            how it was measured); `against`, what labels were compared with;
            `candidates`, see `accel_tf.planning.record.candidate`;
            `left_out`, those that were not timed, with `why`; `recommended`,
            the command line or `None`; `nearest`, that of the quickest.
        """
        on_front = set(map(id, front(self.rows)))
        return {
            "machine": record.machine(self._given["runtimes"]),
            "conditions": self._conditions(),
            "against": self._told,
            "candidates": [
                record.candidate(
                    row,
                    self._goal,
                    id(row) in on_front,
                    self._sample.source,
                    self._output,
                    self._given["threads"],
                )
                for row in self.rows
            ],
            "left_out": [
                record.left_out(variant, why)
                for variant, why in self._never_timed()
            ],
            "recommended": self.best and self._line(self.best),
            "nearest": self.rows and self._line(nearest(self.rows)) or None,
        }

    @property
    def _output(self):
        return candidates.output_name(self._sample.source)

    def _line(self, row):
        return record.line_of(
            row, self._sample.source, self._output, self._given["threads"]
        )

    def _conditions(self):
        sample, goal = self._sample, self._goal
        return {
            "video": sample.source,
            "frame_size": list(sample.size),
            "frame_rate": sample.frame_rate,
            "frame_count": sample.frame_count,
            "windows": [len(window) for window in sample.windows],
            "fps": goal.rate,
            "margin": goal.margin,
            **self._given,
            "clock": "wall",
            "warm_up": "two frames that compile and four or more after them "
            "are in no time; of candidates that are far too slow, the two",
        }

    def _never_timed(self):
        pairs = list(self._reasons.items())
        return pairs + [
            (result.variant, result.left_out)
            for result in self._results
            if not result.times
        ]

    def _about(self):
        sample = self._sample
        height, width = sample.size
        lines = [
            f"{sample.source}: {height}x{width}, {sample.frame_rate:g} frames "
            "per second."
        ]
        timed = [row.result for row in self.rows]
        if timed:
            beside = timed[0].beside
            lines.append(
                f"Reading, drawing and writing: {beside.wall:.1f} ms a frame, "
                f"{beside.processor:.1f} ms of {beside.cores} processor(s), "
                "beside the model."
            )
        load = self._given["load_average_before"]
        if load is not None and load > cores() / 2:
            lines.append(
                f"Other programs ran, too (load average {load}, "
                f"{cores()} processors): without them it is quicker."
            )
        lines.append(
            f"Labels: compared with {self.against}, "
            f"{self._told['frames']} frames."
        )
        return "\n".join(lines)

    def _reached(self):
        goal, chosen = self._goal, self.best
        rows = [row for row in self.rows if row.reaches(goal)]
        kept = "It was not run for want of time."
        if chosen.run is not None:
            kept = (
                "Run on the beginning of the video, it made "
                f"{chosen.run:.1f} frames per second."
            )
        late = ""
        if chosen.worst > 1000 / goal.rate:
            times = chosen.worst * goal.rate / 1000
            late = (
                f" The slowest frame took {chosen.worst:.0f} ms, {times:.1f} "
                "times as long as frames are apart: in a file that evens out, "
                "a live display waits."
            )
        return [
            f"Reach {goal.rate:g} frames per second with a margin of "
            f"{goal.margin:.0%}:",
            report.format_rows(report.few(rows, chosen), chosen),
            self._left_out(),
            f"Recommended (*). {kept}{late}",
            "    " + self._line(chosen),
        ]

    def _not_reached(self):
        goal = self._goal
        row = nearest(self.rows)
        if row is None:
            return ["Nothing could be measured.", self._left_out()]
        rate = row.expected
        missing = candidates.missing_runtimes()
        return [
            f"Nothing reaches {goal.rate:g} frames per second with a margin "
            f"of {goal.margin:.0%}. The nearest:",
            report.format_rows(report.few(self.rows, key=_rate)),
            self._left_out(),
            f"The quickest makes {rate:.1f} frames per second, "
            f"{rate / goal.rate:.0%} of it.",
            "\n".join(advice(row, self.rows, goal, missing)),
            "    " + self._line(row),
        ]

    def _left_out(self):
        pairs = [(variant.title, why) for variant, why in self._reasons.items()]
        pairs += [
            (result.variant.title, result.left_out)
            for result in self._results
            if result.left_out
        ]
        pairs += [
            (
                f"{row.result.variant.title}, interval {row.interval}",
                f"made {row.run:.1f} frames per second in a run, by single "
                f"frames {row.rate:.1f}",
            )
            for row in self.rows
            if row.run is not None and row.run < self._goal.rate
        ]
        return report.format_left_out(pairs)


def _rate(row):
    return row.expected
