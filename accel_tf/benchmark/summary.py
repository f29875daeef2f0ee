"""What the rounds of a benchmark come to.

A round is a dict of answers: `"limits"` -> `Limits.measure`; the number of a
system -> `TimedModel.time_frames`, or of a classifier
`TimedClassifier.time_clips`; `("profile", number)` -> `Profile.time`;
`"kernels"` -> `Kernels.time`. Ratios are taken within a round, in which the
machine was in one state, and their median is given.
"""

import statistics

from accel_tf.benchmark.kernels import compared_with
from accel_tf.benchmark.spread import spread
from accel_tf.evaluation.timing import mean_over_interval

_COLUMNS = {"wall": 0, "processor": 1}


def summarize_limits(rounds):
    """Spread of each limit.

    Returns:
        dict: `gigaflops`, of a product of large matrices (a dict of dtype ->
        spread on an accelerator), and `gigabytes`, read and written by a
        copy; a second.
    """
    limits = [answers["limits"] for answers in rounds]
    gigaflops = [limit["gigaflops"] for limit in limits]
    if isinstance(gigaflops[0], dict):
        products = {
            dtype: spread([each[dtype] for each in gigaflops], 1)
            for dtype in gigaflops[0]
        }
    else:
        products = spread(gigaflops, 1)
    return {
        "gigaflops": products,
        "gigabytes": spread([limit["gigabytes"] for limit in limits], 2),
    }


def summarize_system(rounds, systems, index, facts, interval, clock):
    """The row of one system.

    Args:
        rounds: list of dicts, see above.
        systems: list of `System`.
        index: of the system.
        facts: what `TimedModel.describe` says.
        interval: frames from one key frame to the next.
        clock: `"processor"` or `"wall"`: by which ratios are taken.

    Returns:
        `facts` and: `key`, `non_key` (`None` for models without key frames)
        and `amortised` (mean over the interval), dicts of
        `"wall_milliseconds"` and `"processor_milliseconds"` -> spread;
        `multiply_adds_per_frame`; `key_share_of_limit`,
        `non_key_share_of_limit`: two operations for each multiply-addition,
        a second, of what the matrix product reaches; and the spread of the
        amortised time as a multiple of that `of_first_model` (in the same
        form, runtime and batch) and `of_first_variant` (of the same model).
    """
    system = systems[index]
    cost = {kind: facts[f"{kind}_multiply_adds"] for kind in ("key", "non_key")}
    has_non_key = bool(rounds[0][index]["non_key"])
    row = {
        **facts,
        "multiply_adds_per_frame": mean_over_interval(
            cost, interval if has_non_key else 1
        ),
    }
    for kind in ("key", "non_key"):
        times = [time for answers in rounds for time in answers[index][kind]]
        row[kind] = _both_clocks(times)
        row[f"{kind}_share_of_limit"] = None
        if times:
            shares = [
                2
                * cost[kind]
                / 1e9
                / _middle(answers[index][kind], clock)
                / _gigaflops(answers, system)
                for answers in rounds
            ]
            row[f"{kind}_share_of_limit"] = round(statistics.median(shares), 3)
    row["amortised"] = _both_clocks(
        [
            tuple(_amortised(answers[index], interval, c) for c in _COLUMNS)
            for answers in rounds
        ]
    )

    def ratio(other):
        return spread(
            [
                _amortised(answers[index], interval, clock)
                / _amortised(answers[other], interval, clock)
                for answers in rounds
            ]
        )

    row["of_first_model"] = ratio(
        _first(systems, lambda each: _variant(each) == _variant(system))
    )
    row["of_first_variant"] = ratio(
        _first(systems, lambda each: each.preset == system.preset)
    )
    return row


def summarize_classifier(rounds, systems, index, facts, clock):
    """The row of one classifier.

    Args:
        rounds: list of dicts, see above.
        systems, index, clock: as in `summarize_system`.
        facts: what `TimedClassifier.describe` says.

    Returns:
        `facts` and: `clip`, dict of `"wall_milliseconds"` and
        `"processor_milliseconds"` -> spread; `share_of_limit`,
        `of_first_model` and `of_first_variant`, as in `summarize_system`.
    """
    system = systems[index]
    middles = [
        {key: _middle(answers[key], clock) for key in range(len(systems))}
        for answers in rounds
    ]
    shares = [
        2 * facts["multiply_adds"] / 1e9 / own[index] / _gigaflops(each, system)
        for each, own in zip(rounds, middles, strict=True)
    ]

    def ratio(other):
        return spread([own[index] / own[other] for own in middles])

    return {
        **facts,
        "clip": _both_clocks([x for answers in rounds for x in answers[index]]),
        "share_of_limit": round(statistics.median(shares), 3),
        "of_first_model": ratio(
            _first(systems, lambda each: _variant(each) == _variant(system))
        ),
        "of_first_variant": ratio(
            _first(systems, lambda each: each.preset == system.preset)
        ),
    }


def summarize_profile(rounds, system, index, parts, clock):
    """Where the time of a system's non-key frames goes.

    Args:
        rounds, clock: as in `summarize_system`.
        system, index: of the profile.
        parts: what `Profile.describe` says.

    Returns:
        dict: `preset`, `form`, `runtime`, `precision`; `parts`, dicts of
        `part`, `multiply_adds`, `milliseconds` (spread), `share` of the sum,
        `limit_milliseconds` (what its operations need at the speed of a
        matrix product, or its bytes at that of a copy, whichever is more)
        and `limited_by` (`"operations"` or `"memory"`); `sum_milliseconds`
        and `whole_milliseconds` of the frame as one program (spreads).
    """
    column = _COLUMNS[clock]
    key = ("profile", index)
    sums = [
        sum(times[column] for times in answers[key].values())
        for answers in rounds
    ]
    rows = []
    for part in parts:
        seconds = [answers[key][part["part"]][column] for answers in rounds]
        operations = statistics.median(
            2 * part["multiply_adds"] / 1e9 / _gigaflops(answers, system)
            for answers in rounds
        )
        memory = statistics.median(
            part["bytes"] / 1e9 / answers["limits"]["gigabytes"]
            for answers in rounds
        )
        rows.append(
            {
                **part,
                "milliseconds": _milliseconds(seconds),
                "share": round(
                    statistics.median(
                        own / total
                        for own, total in zip(seconds, sums, strict=True)
                    ),
                    4,
                ),
                "limit_milliseconds": round(1000 * max(operations, memory), 3),
                "limited_by": "operations" if operations > memory else "memory",
            }
        )
    whole = [_middle(answers[index]["non_key"], clock) for answers in rounds]
    return {
        "preset": system.preset,
        "form": system.form,
        "runtime": system.runtime,
        "precision": system.precision,
        "parts": rows,
        "sum_milliseconds": _milliseconds(sums),
        "whole_milliseconds": _milliseconds(whole),
    }


def summarize_kernels(rounds):
    """Times of kernels, and of others.

    Returns:
        list of dicts: `kernel`; `processor_milliseconds` (spread);
        `times`: dict of another kernel -> median of how many times as long.
    """
    rows = []
    names = list(rounds[0]["kernels"])
    for name in names:
        seconds = [answers["kernels"][name] for answers in rounds]
        others = [
            other
            for other in compared_with(name)
            if other in names and other != name
        ]
        rows.append(
            {
                "kernel": name,
                "processor_milliseconds": _milliseconds(sum(seconds, [])),
                "times": {
                    other: round(
                        statistics.median(
                            statistics.median(own)
                            / statistics.median(answers["kernels"][other])
                            for own, answers in zip(
                                seconds, rounds, strict=True
                            )
                        ),
                        3,
                    )
                    for other in others
                },
            }
        )
    return rows


def _amortised(times, interval, clock):
    """Mean over the interval, of the medians of one round; in seconds."""
    key = _middle(times["key"], clock)
    if not times["non_key"]:
        return key
    kinds = {"key": key, "non_key": _middle(times["non_key"], clock)}
    return mean_over_interval(kinds, interval)


def _middle(times, clock):
    return statistics.median(time[_COLUMNS[clock]] for time in times)


def _both_clocks(times):
    if not times:
        return None
    return {
        f"{clock}_milliseconds": _milliseconds([time[c] for time in times])
        for clock, c in _COLUMNS.items()
    }


def _milliseconds(seconds):
    return spread([1000 * value for value in seconds], 3)


def _gigaflops(answers, system):
    limit = answers["limits"]["gigaflops"]
    if isinstance(limit, dict):
        return limit[system.precision.removeprefix("mixed_")]
    return limit


def _variant(system):
    return system.form, system.runtime, system.precision, system.batch


def _first(systems, fits):
    return next(i for i, system in enumerate(systems) if fits(system))
