"""How near the best comes to a goal, and what would help."""

import math


def advice(nearest, rows, goal, missing):
    """Lines about a goal that nothing reaches.

    Args:
        nearest: the `Row` that comes nearest.
        rows: list of `Row`, of all that was timed.
        goal: `Goal`.
        missing: dict of a runtime that is not installed -> what it says.

    Returns:
        list of str, each a sentence or two.
    """
    beside = nearest.result.beside
    if 1000 / beside.wall < goal.rate_with_margin:
        return [
            "Reading, drawing and writing the video alone take "
            f"{beside.wall:.1f} ms a frame, which is {1000 / beside.wall:.3g} "
            "frames per second: a smaller video, or label images instead of "
            "a video (--labels), take less."
        ]
    if nearest.rate >= goal.rate_with_margin:
        return [
            f"By the times of single frames it should make {nearest.rate:.1f}: "
            "other programs, or reading and writing, had more of the "
            "processor when it was run."
        ]
    lines = [_by_interval(nearest, goal), _by_size(nearest, rows, goal)]
    if missing:
        lines.append(
            "A quicker runtime may help; not tried: "
            + "; ".join(missing.values())
            + "."
        )
    return [line for line in lines if line]


def _by_interval(row, goal):
    result = row.result
    if not result.uses_key_frames:
        return (
            f"{result.variant.name.text} has no key frames; with --propagate "
            f"dis ({result.variant.name.text}+dis here) it would not be run "
            "on every frame."
        )
    spare = 1000 / goal.rate_with_margin - result.beside.share
    key, other = result.milliseconds("key"), result.milliseconds("non_key")
    if other < spare:
        interval = math.ceil((key - other) / (spare - other))
        return (
            f"A longer interval would do: with a key frame every {interval} "
            "frames the mean is within the time."
        )
    slowest = result.beside.frame(other)
    return (
        "A longer interval is not enough: frames between key frames take "
        f"{slowest:.1f} ms, which is {1000 / slowest:.3g} per second."
    )


def _by_size(row, rows, goal):
    result = row.result
    least = min(
        each.result.model_size
        for each in rows
        if each.result.variant.name == result.variant.name
    )
    if least < result.model_size:
        return "Frames of {}x{} did not come nearer.".format(*least)
    spare = 1000 / goal.rate_with_margin - result.beside.share
    share = spare / result.step(row.interval)
    if not 0 < share < 1:
        return None
    # What does not shrink with the frame is not known; so a little less.
    scale = 0.95 * math.sqrt(share)
    height, width = (max(1, round(scale * side)) for side in result.model_size)
    return (
        f"Smaller frames would help: about --size {height}x{width} instead of "
        "{}x{}".format(*result.model_size)
        + ", with labels that are the coarser."
    )
