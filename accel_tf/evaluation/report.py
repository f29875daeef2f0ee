"""Evaluations as rows, tables and files."""

import json
import math

from accel_tf.evaluation.timing import mean_over_interval
from accel_tf.files import write_text
from accel_tf.metrics.temporal_consistency import KINDS


def report_row(
    system,
    model,
    evaluation,
    class_names,
    height,
    width,
    milliseconds=None,
    **source,
):
    """One system at one interval, as plain JSON types.

    | entry | meaning |
    |---|---|
    | `system` | the name it was given |
    | `preset` | the model's name |
    | `interval` | frames from one key frame to the next, on average where \
a policy chooses them; 1 for models without key frames |
    | `policy` | class that chooses the key frames; null for a fixed interval |
    | `steady` | whether key frames were looked at in the background; \
a number is the frames until they were used |
    | `key_frame_share` | of all frames, in the mode `stream`; else null |
    | `mode` | see `evaluate` |
    | `frames`, `frames_skipped` | scores of labelled frames, counted and \
left out |
    | `mean_iou`, `pixel_accuracy` | 0..1 |
    | `worst_frame_mean_iou`, `low_frame_mean_iou` | of single frames: the \
lowest, and what 95 % of them reach; 0..1, null but in the mode `stream` |
    | `iou_per_class` | dict of class name -> 0..1; null for classes that do \
not occur |
    | `mean_iou_by_distance` | dict of the distance from the key frame, as \
text, -> 0..1 |
    | `temporal_mean_iou`, `temporal_agreement`, `flicker` | 0..1, see \
`TemporalConsistency`; null if not measured |
    | `change_key`, `change_after_key`, `change_other` | share of the labels \
that are others than in the frame before, along the flow: on key frames, on \
the frames after them and on all others; 0..1, null if not measured or without \
key frames |
    | `height`, `width` | pixels of the frames that were timed and counted |
    | `key_milliseconds`, `non_key_milliseconds` | medians; these and the \
next are null if not measured |
    | `key_minimum_milliseconds`, `non_key_minimum_milliseconds` | shortest |
    | `key_processor_milliseconds`, `non_key_processor_milliseconds` | \
median processor time of all threads |
    | `milliseconds_per_frame` | mean of the medians over the interval |
    | `key_multiply_adds`, `non_key_multiply_adds` | of one frame; null \
if not known, of models that run outside the graph |
    | `multiply_adds_per_frame` | mean over the interval; null if not known |
    | `data`, `split`, `sequences` | from the command: name and version of \
the data set, its part, and how many sequences of it |
    | `backend` | from the command: Keras' backend |

    A NaN becomes null.

    Args:
        system: name.
        model: a `VideoSegmenter`.
        evaluation: `Evaluation` of that model.
        class_names: of the data, in the order of the class index.
        height, width: of a frame, in pixels.
        milliseconds: what `measure_steps` has of that model, or `None`.
        **source: further entries that say where the numbers come from.

    Returns:
        dict.
    """
    temporal = evaluation.temporal
    row = {
        "system": system,
        "preset": model.name,
        "interval": evaluation.interval,
        "policy": evaluation.policy,
        "steady": evaluation.steady,
        "key_frame_share": evaluation.key_frame_share,
        "mode": evaluation.mode,
        "frames": evaluation.frames,
        "frames_skipped": evaluation.skipped,
        "mean_iou": evaluation.mean_iou,
        "pixel_accuracy": evaluation.pixel_accuracy,
        **_of_single_frames(evaluation),
        "iou_per_class": dict(
            zip(
                class_names,
                evaluation.iou_per_class.tolist(),
                strict=True,
            )
        ),
        "mean_iou_by_distance": {
            str(distance): value
            for distance, value in evaluation.mean_iou_by_distance.items()
        },
        "temporal_mean_iou": temporal and temporal.mean_iou,
        "temporal_agreement": temporal and temporal.agreement,
        "flicker": temporal and temporal.flicker,
        **{
            f"change_{kind}": evaluation.change_by_kind.get(kind)
            for kind in KINDS
        },
        "height": height,
        "width": width,
    }
    for name in ("", "minimum_", "processor_"):
        times = milliseconds
        if milliseconds and name:
            times = milliseconds[name.rstrip("_")]
        for kind in ("key", "non_key"):
            row[f"{kind}_{name}milliseconds"] = times and times[kind]
    row["milliseconds_per_frame"] = milliseconds and mean_over_interval(
        milliseconds, evaluation.interval
    )
    cost = model.multiply_adds(height, width)
    row["key_multiply_adds"] = cost["key"]
    row["non_key_multiply_adds"] = cost["non_key"]
    row["multiply_adds_per_frame"] = None
    if None not in cost.values():
        row["multiply_adds_per_frame"] = mean_over_interval(
            cost, evaluation.interval
        )
    return _without_nan({**row, **source})


def format_rows(rows):
    """The rows as a Markdown table; what no row has is left out.

    Args:
        rows: list of dicts as from `report_row`.
    """
    columns = (
        ("system", "system", "{}"),
        ("policy", "policy", "{}"),
        ("interval", "interval", "{:.3g}"),
        ("key frames", "key_frame_share", "{:.1%}"),
        ("mean IoU", "mean_iou", "{:.1%}"),
        ("pixels", "pixel_accuracy", "{:.1%}"),
        ("worst frame", "worst_frame_mean_iou", "{:.1%}"),
        ("worst 5 %", "low_frame_mean_iou", "{:.1%}"),
        ("temporal mean IoU", "temporal_mean_iou", "{:.1%}"),
        ("agreement", "temporal_agreement", "{:.2%}"),
        ("flicker", "flicker", "{:.2%}"),
        ("change at key", "change_key", "{:.1%}"),
        ("after", "change_after_key", "{:.1%}"),
        ("else", "change_other", "{:.1%}"),
        ("ms key", "key_milliseconds", "{:.1f}"),
        ("ms non-key", "non_key_milliseconds", "{:.1f}"),
        ("ms per frame", "milliseconds_per_frame", "{:.1f}"),
        ("GMAC per frame", "multiply_adds_per_frame", "{:.3g}"),
        ("scores", "frames", "{}"),
        ("skipped", "frames_skipped", "{}"),
    )
    columns = [
        column
        for column in columns
        if any(row.get(column[1]) is not None for row in rows)
    ]

    def cell(row, key, pattern):
        value = row.get(key)
        if value is None:
            return "-"
        if key == "multiply_adds_per_frame":
            value /= 1e9
        return pattern.format(value)

    return _table(
        [title for title, _, _ in columns],
        [[cell(row, *column[1:]) for column in columns] for row in rows],
    )


def format_classes(rows):
    """IoU per class, a column for each row, as a Markdown table.

    Args:
        rows: list of dicts as from `report_row`, with the same classes.
    """
    names = list(rows[0]["iou_per_class"])
    header = [_title(row) for row in rows]
    lines = []
    for name in names:
        values = [row["iou_per_class"][name] for row in rows]
        lines.append(
            [name, *("-" if v is None else f"{v:.1%}" for v in values)]
        )
    return _table(["IoU", *header], lines)


def _of_single_frames(evaluation):
    names = "worst_frame_mean_iou", "low_frame_mean_iou"
    if evaluation.mode != "stream":
        return dict.fromkeys(names)
    return {name: getattr(evaluation, name) for name in names}


def _title(row):
    by = f" {row['policy']}" if row.get("policy") else ""
    return f"{row['system']} @{by} {row['interval']:.3g}"


def write_report(rows, path):
    """Writes the rows as a JSON list.

    Args:
        rows: list of dicts as from `report_row`.
        path: of the file; it appears whole or not at all.

    Raises:
        ValueError: if a row holds a NaN, which JSON does not know.
        FileNotFoundError: if the folder does not exist.
    """
    write_text(path, json.dumps(rows, indent=1, allow_nan=False) + "\n")


def _table(header, lines):
    widths = [
        max(map(len, column)) for column in zip(header, *lines, strict=True)
    ]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(map(str.ljust, cells, widths)) + " |"
        for cells in (header, rule, *lines)
    )


def _without_nan(value):
    if isinstance(value, dict):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, float) and math.isnan(value):
        return None
    return value
