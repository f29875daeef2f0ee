"""Rows of the table of learning on the go: made, told and merged."""

import json
import pathlib

import numpy as np

ONCE_AFTER = 60.0
"""Seconds of the video after which "one-time" adapts."""


def make_row(drive, name, scorer, log):
    """What a way of learning came to.

    Args:
        drive: `Drive`.
        name: of the way.
        scorer: `DriveScorer` after the drive.
        log: `StreamLog`; `None` where nothing was learnt.

    Returns:
        dict, for JSON.
    """
    # Before, nobody but "no adaptation" can have learnt anything.
    since = ONCE_AFTER
    row = {
        "drive": drive.name,
        "way": name,
        "classes": [drive.label_map.names[index] for index in drive.classes],
        "seconds": drive.seconds,
        "mean_iou": scorer.mean_iou(since),
        "pixel_accuracy": scorer.pixel_accuracy(since),
        "windowed_mean_iou": scorer.windowed(since),
        "mean_iou_from_the_start": scorer.mean_iou(),
        "kbps_up": 0.0,
        "kbps_down": 0.0,
    }
    if log is None:
        return row
    bits = 8 / 1000 / drive.seconds
    updates = log.updates
    return row | {
        "kbps_up": log.bytes_up * bits,
        "kbps_down": log.bytes_down * bits,
        "kbps_down_original": sum(x["original"] for x in updates) * bits,
        "kbps_statistics": sum(x["bytes"].get("statistics", 0) for x in updates)
        * bits,
        "updates": len(updates),
        "bytes_of_an_update": float(
            np.median([sum(x["bytes"].values()) for x in updates])
        ),
        "selected": float(np.median([x["selected"] for x in updates])),
        "phase_seconds_here": float(np.median(log.train_seconds)),
        "delay": float(
            np.median(
                [x["applied"] - x["sent"] for x in updates if x["applied"]]
            )
        ),
        "counts": log.counts,
        "is_in_step": log.is_in_step,
    }


def tell_row(row):
    """A row as one line."""
    return (
        f"{row['drive']}, {row['way']}: mean IoU {row['mean_iou']:.1%} "
        f"({row['windowed_mean_iou']:.1%} in windows), {row['kbps_up']:.0f} "
        f"kbit/s up, {row['kbps_down']:.0f} down"
    )


def recorded_rows(path):
    """The rows of a file of results; none if it is not there."""
    path = pathlib.Path(path)
    return json.loads(path.read_text())["rows"] if path.exists() else []


def merge_rows(kept, rows):
    """New rows in place of old ones of the same drive, way and teacher."""
    rows = {_key(row): row for row in (*kept, *rows)}
    drives = list(dict.fromkeys(row["drive"] for row in rows.values()))
    return sorted(rows.values(), key=lambda row: drives.index(row["drive"]))


def _key(row):
    return row["drive"], row["way"], row.get("teacher")
