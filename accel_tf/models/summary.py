"""The presets in numbers."""

import gc

import keras

from accel_tf.models.presets import describe_preset, from_preset, list_presets


def summarize_presets(height, width, names=None, progress=iter):
    """Parameters and cost of presets.

    Args:
        height: of a frame, in pixels.
        width: of a frame, in pixels.
        names: presets; all by default.
        progress: wraps the names, e.g. `tqdm.tqdm`.

    Returns:
        list of dicts: `preset`, `description`, `parameters` (with the
        statistics of batch normalisation), `key_multiply_adds`,
        `non_key_multiply_adds` of one frame.
    """
    rows = []
    for name in progress(names or list_presets()):
        model = from_preset(name)
        counts = model.multiply_adds(height, width)
        rows.append(
            {
                "preset": name,
                "description": describe_preset(name),
                "parameters": model.count_params(),
                "key_multiply_adds": counts["key"],
                "non_key_multiply_adds": counts["non_key"],
            }
        )
        # The large presets hold half a gigabyte each.
        del model
        keras.backend.clear_session()
        gc.collect()
    return rows


def format_table(rows, interval=5):
    """The rows as a Markdown table, which is easy to read as plain text.

    Args:
        rows: from `summarize_presets`.
        interval: for the mean cost of a frame, and its ratio to per-frame
            `deeplab_101` where that is among the rows.
    """
    reference = {row["preset"]: row for row in rows}.get("deeplab_101")
    header = [
        "preset",
        "system",
        "M parameters",
        "GMAC key",
        "GMAC non-key",
        f"GMAC mean at interval {interval}",
        "of deeplab_101",
    ]
    lines = []
    for row in rows:
        key, non_key = row["key_multiply_adds"], row["non_key_multiply_adds"]
        mean = (key + (interval - 1) * non_key) / interval
        ratio = "-"
        if reference:
            ratio = f"{mean / reference['key_multiply_adds']:.2f}"
        lines.append(
            [
                row["preset"],
                row["description"],
                f"{row['parameters'] / 1e6:.1f}",
                f"{key / 1e9:.1f}",
                f"{non_key / 1e9:.1f}",
                f"{mean / 1e9:.1f}",
                ratio,
            ]
        )
    widths = [
        max(map(len, column)) for column in zip(header, *lines, strict=True)
    ]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(map(str.ljust, cells, widths)) + " |"
        for cells in (header, rule, *lines)
    )
