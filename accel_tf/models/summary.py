"""The presets in numbers, from a table: no network is built for them."""

import functools
import json
import pathlib

from accel_tf.models.pixel_counts import Term, count
from accel_tf.models.published import PUBLISHED

TABLE = pathlib.Path(__file__).with_name("preset_table.json")
"""Written by `accel_tf.models.preset_table`."""


def summarize_presets(height, width, names=None):
    """Parameters, cost and published accuracy of presets.

    All for 19 classes, as `accel_tf.from_preset` builds them by default.

    Args:
        height: of a frame, in pixels.
        width: of a frame, in pixels.
        names: presets; all by default.

    Returns:
        list of dicts: `preset`, `description`, `parameters` (with the
        statistics of batch normalisation), `key_multiply_adds`,
        `non_key_multiply_adds` of one frame, `published_mean_iou` on
        Cityscapes `val` (0..1) and its `source`; both `None` where nothing
        is published.

    Raises:
        ValueError: if there is no such preset.
    """
    table = read_table()
    rows = []
    for name in table if names is None else names:
        if name not in table:
            raise ValueError(
                f"nothing is known of {name!r}; the presets are "
                f"{', '.join(table)}."
            )
        facts, published = table[name], PUBLISHED.get(name)
        rows.append(
            {
                "preset": name,
                "description": facts["description"],
                "parameters": facts["parameters"],
                "key_multiply_adds": _cost(facts["key"], height, width),
                "non_key_multiply_adds": _cost(facts["non_key"], height, width),
                # Percents as published, not 0.7879999999999999.
                "published_mean_iou": published
                and round(published.mean_iou / 100, 4),
                "source": published and published.source,
            }
        )
    return rows


@functools.cache
def read_table():
    """The table as `accel_tf.models.preset_table` wrote it: by preset."""
    return json.loads(TABLE.read_text())


def _cost(terms, height, width):
    return count(map(Term.from_list, terms), height, width)


def filter_rows(rows, text):
    """The rows with a text in their name or description.

    Args:
        rows: from `summarize_presets`, or of classifiers.
        text: in capitals or not; `None` for all rows.

    Raises:
        ValueError: if there is none.
    """
    if text is None:
        return rows
    found = [
        row
        for row in rows
        if text.lower() in f"{row['preset']} {row['description']}".lower()
    ]
    if not found:
        raise ValueError(
            f"no preset has {text!r} in its name or description; the presets "
            f"are {', '.join(row['preset'] for row in rows)}."
        )
    return found


def format_table(rows, interval=5, reference=None):
    """The rows as a Markdown table, which is easy to read as plain text.

    Args:
        rows: from `summarize_presets`.
        interval: for the mean cost of a frame, and its ratio to per-frame
            `deeplab_101`.
        reference: rows with `deeplab_101` among them, by default `rows`;
            there is no ratio where it is missing.
    """
    reference = rows if reference is None else reference
    reference = {row["preset"]: row for row in reference}.get("deeplab_101")
    header = [
        "preset",
        "system",
        "M parameters",
        "GMAC key",
        "GMAC non-key",
        f"GMAC mean at interval {interval}",
        "of deeplab_101",
        "published mIoU",
        "source",
    ]
    lines = []
    for row in rows:
        key, non_key = row["key_multiply_adds"], row["non_key_multiply_adds"]
        mean = (key + (interval - 1) * non_key) / interval
        ratio = "-"
        if reference:
            ratio = f"{mean / reference['key_multiply_adds']:.2f}"
        accuracy = row["published_mean_iou"]
        lines.append(
            [
                row["preset"],
                row["description"],
                f"{row['parameters'] / 1e6:.1f}",
                f"{key / 1e9:.1f}",
                f"{non_key / 1e9:.1f}",
                f"{mean / 1e9:.1f}",
                ratio,
                "-" if accuracy is None else f"{accuracy:.1%}",
                row["source"] or "-",
            ]
        )
    return as_table(header, lines)


def as_table(header, lines):
    """Texts as a Markdown table whose columns are of one width."""
    widths = [
        max(map(len, column)) for column in zip(header, *lines, strict=True)
    ]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(map(str.ljust, cells, widths)) + " |"
        for cells in (header, rule, *lines)
    )
