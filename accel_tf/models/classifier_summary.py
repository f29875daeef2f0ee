"""The clip classifiers in numbers, from a table: no network is built."""

import functools
import json
import pathlib

from accel_tf.models.published import PUBLISHED_TOP_1, TOP_1_SETS
from accel_tf.models.summary import as_table

TABLE = pathlib.Path(__file__).with_name("classifier_table.json")
"""Written by `accel_tf.models.preset_table`."""

CLIP = (16, 224, 224)
"""Frames, height and width of the clip whose cost is told."""


def summarize_classifiers(names=None):
    """Parameters, cost and published accuracy of presets.

    All for 400 classes, as `accel_tf.from_preset` builds them by default.

    Args:
        names: presets; all by default.

    Returns:
        list of dicts: `preset`, `description`, `parameters` (without the
        statistics of batch normalisation, as published),
        `clip_multiply_adds` of a clip of 16 frames of 224x224 pixels,
        `published_top_1`, a dict of data set -> share of the clips (0..1),
        and its `source`, `None` where nothing is published.

    Raises:
        ValueError: if there is no such preset.
    """
    table = read_table()
    rows = []
    for name in table if names is None else names:
        if name not in table:
            raise ValueError(
                f"nothing is known of {name!r}; the classifiers are "
                f"{', '.join(table)}."
            )
        published = PUBLISHED_TOP_1.get(name)
        scores = published.scores if published else ()
        rows.append(
            {
                "preset": name,
                **table[name],
                "published_top_1": {
                    data: round(percent / 100, 4)
                    for data, percent in zip(TOP_1_SETS, scores, strict=False)
                },
                "source": published and published.source,
            }
        )
    return rows


@functools.cache
def read_table():
    """The table as `accel_tf.models.preset_table` wrote it: by preset."""
    return json.loads(TABLE.read_text())


def format_classifiers(rows):
    """The rows as a Markdown table, which is easy to read as plain text.

    Args:
        rows: from `summarize_classifiers`.
    """
    header = [
        "preset",
        "system",
        "M parameters",
        "GMAC a clip",
        *(f"top-1 {data}" for data in TOP_1_SETS),
        "source",
    ]
    lines = []
    for row in rows:
        scores = row["published_top_1"]
        lines.append(
            [
                row["preset"],
                row["description"],
                f"{row['parameters'] / 1e6:.2f}",
                f"{row['clip_multiply_adds'] / 1e9:.2f}",
                *(
                    f"{scores[data]:.1%}" if data in scores else "-"
                    for data in TOP_1_SETS
                ),
                row["source"] or "-",
            ]
        )
    return as_table(header, lines)
