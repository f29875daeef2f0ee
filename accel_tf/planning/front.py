"""Which candidates are worth having."""

_SAME = 0.005
"""Shares that differ by less count as equal."""


def front(rows):
    """Rows that no other beats in both time and mean IoU.

    Args:
        rows: list of `Row`; those without a score count for nothing.

    Returns:
        list, the quickest first.
    """
    scored = sorted(
        (row for row in rows if row.score is not None),
        key=lambda row: (row.frame, -row.score.mean_iou),
    )
    best, kept = -1.0, []
    for row in scored:
        if row.score.mean_iou > best:
            best = row.score.mean_iou
            kept.append(row)
    return kept


def best(rows, goal):
    """The row to recommend: the best labels among those that reach the goal.

    Of nearly equal labels the quickest; without scores the most operations
    count for the best labels.

    Args:
        rows: list of `Row`.
        goal: `Goal`.

    Returns:
        `Row`, or `None` if none reaches it.
    """
    return max(
        (row for row in rows if row.reaches(goal)), key=merit, default=None
    )


def merit(row):
    """A key that sorts rows: the better the labels, the greater."""
    if row.score is None:
        cost = row.result.cost_per_frame(row.interval)
        return 0, -1 if cost == float("inf") else cost, row.rate
    return 1, round(row.score.mean_iou / _SAME), row.rate


def nearest(rows):
    """The row that makes most frames per second, or `None`."""
    return max(rows, key=lambda row: row.expected, default=None)
