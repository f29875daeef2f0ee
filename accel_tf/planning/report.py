"""A plan for people."""

from accel_tf.benchmark.report import text_table
from accel_tf.planning.candidates import size_text
from accel_tf.planning.front import merit

_MOST_ROWS = 8
_MOST_REASONS = 12
_MOST_NAMES = 6


def format_rows(rows, chosen=None):
    """Rows as a table.

    Args:
        rows: list of `Row`, in the order in which they are shown.
        chosen: the `Row` that is recommended, which gets a mark.
    """
    header = (
        "",
        "model",
        "runtime",
        "frames",
        "interval",
        "ms key",
        "ms non-key",
        "ms per frame",
        "ms worst",
        "frames/s",
        "in a run",
        "pixels",
        "mean IoU",
    )
    return text_table(header, [_cells(row, row is chosen) for row in rows])


def _cells(row, is_chosen):
    result, score = row.result, row.score
    variant = result.variant
    runtime = variant.runtime
    if variant.precision != "float32":
        runtime += f" {variant.precision}"
    return (
        "*" if is_chosen else "",
        variant.name.text,
        runtime,
        size_text(result.model_size),
        str(row.interval) if result.uses_key_frames else "-",
        _number(result.milliseconds("key")),
        _number(result.milliseconds("non_key")),
        _number(row.frame),
        _number(row.worst),
        _number(row.rate),
        _number(row.run),
        "-" if score is None else f"{score.pixels:.1%}",
        "-" if score is None else f"{score.mean_iou:.1%}",
    )


def _number(value):
    return "-" if value is None else f"{value:.1f}"


def few(rows, chosen=None, key=merit):
    """The best row of each variant, and few of these.

    Args:
        rows: list of `Row`.
        chosen: `Row` that is among them, or `None`.
        key: function of a row that sorts them; the greater the better.
    """
    kept = {}
    for row in sorted(rows, key=key, reverse=True):
        kept.setdefault(id(row.result), row)
    if chosen is not None:
        kept[id(chosen.result)] = chosen
    return sorted(kept.values(), key=key, reverse=True)[:_MOST_ROWS]


def format_left_out(pairs):
    """What was left out, a line for each reason.

    Args:
        pairs: list of `(title, why)`.
    """
    if not pairs:
        return ""
    titles = {}
    for title, why in pairs:
        titles.setdefault(why, []).append(title)
    lines = [
        f"- {_some(names)}: {why.rstrip('.')}." for why, names in titles.items()
    ]
    if len(lines) > _MOST_REASONS:
        lines[_MOST_REASONS:] = ["- and more, which --json FILE tells."]
    return "\n".join(["Left out or not measured to the end:", *lines])


def _some(names):
    if len(names) <= _MOST_NAMES:
        return "; ".join(names)
    named = "; ".join(names[: _MOST_NAMES - 1])
    return f"{named}; and {len(names) - _MOST_NAMES + 1} more"
