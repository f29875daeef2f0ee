"""Plots of measurements, written as PNG files."""

import math

from accel_tf import optional
from accel_tf.visualize.plot_files import checked_png, picture

_COLUMNS = ("system", "interval", "mean_iou")
_TIMED_COLUMNS = (*_COLUMNS, "milliseconds_per_frame")
_DISTANCE_COLUMNS = (*_COLUMNS, "mean_iou_by_distance")
_MARKERS = "os^Dv<>Ph"
_MOST_LINES = 16


def plot_accuracy_against_time(rows, path):
    """Plots mean intersection over union against time per frame.

    Every system is a line with one marker for each key-frame interval; the
    interval is written beside the marker. Upper left is better.

    Args:
        rows: Dicts with `system` (its name), `interval` (frames from one key
            frame to the next), `mean_iou` (0 to 1) and
            `milliseconds_per_frame` (averaged over the interval). Other
            entries are ignored.
        path: Target of the PNG file; its folder must exist. It is written
            beside the target and renamed.

    Raises:
        ValueError: There are no rows, a row lacks an entry or an entry is out
            of range, or `path` does not end in .png.
        FileNotFoundError: The folder does not exist.
        ImportError: matplotlib is not installed.
    """
    path = checked_png(path)
    systems = _by_system(rows, _TIMED_COLUMNS)
    for index, row in enumerate(rows):
        time = row["milliseconds_per_frame"]
        if not (math.isfinite(time) and time > 0):
            raise ValueError(
                f"milliseconds_per_frame of row {index} must be above 0, not "
                f"{time}"
            )
    with picture(path) as axes:
        for number, (system, points) in enumerate(systems.items()):
            _draw_system(axes, number, system, points)
        axes.set_xlabel("time per frame (ms)")
        axes.set_ylabel("mean IoU (%)")
        axes.set_title(
            "Accuracy against time; numbers: key-frame interval (frames)",
            fontsize="medium",
        )
        # Room for the numbers at the outermost markers.
        axes.margins(x=0.08, y=0.1)
        axes.set_xlim(left=0)
        # Beside the points: there is no corner that is always free.
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")


def plot_iou_against_distance(rows, path):
    """Plots mean intersection over union against the key frame's distance.

    Every system at every interval is a line; where each frame is a key frame
    there is no distance, and the line is dotted and level. Of more than
    sixteen lines the longest interval of each system is left.

    Args:
        rows: Dicts with `system` (its name), `interval` (frames from one key
            frame to the next), `mean_iou` and `mean_iou_by_distance` (dict of
            the distance in frames, as a number or text, to a mean IoU from 0
            to 1 or None). Other entries are ignored.
        path: As for `plot_accuracy_against_time`.

    Raises:
        As `plot_accuracy_against_time`.
    """
    path = checked_png(path)
    systems = _by_system(rows, _DISTANCE_COLUMNS)
    if len(rows) > _MOST_LINES:
        systems = {
            system: [max(points, key=lambda row: row["interval"])]
            for system, points in systems.items()
        }
    greatest = max(max(map(int, r["mean_iou_by_distance"])) for r in rows)
    with picture(path) as axes:
        for number, (system, points) in enumerate(systems.items()):
            for place, row in enumerate(points):
                _draw_distances(
                    axes,
                    row,
                    greatest,
                    label=f"{system}, interval {row['interval']:.3g}",
                    color=f"C{number}",
                    marker=_MARKERS[number % len(_MARKERS)],
                    # Of one system, the shorter intervals are paler.
                    alpha=0.35 + 0.65 * (place + 1) / len(points),
                )
        axes.set_xlabel("distance from the key frame (frames)")
        axes.set_ylabel("mean IoU (%)")
        axes.set_title(
            "Accuracy against the distance from the key frame",
            fontsize="medium",
        )
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")


def _draw_distances(axes, row, greatest, **style):
    scores = {
        int(distance): 100 * score
        for distance, score in row["mean_iou_by_distance"].items()
        if score is not None
    }
    distances = sorted(scores)
    if row["interval"] == 1:
        style |= {"linestyle": ":", "marker": ""}
        axes.plot([0, max(greatest, 1)], [100 * row["mean_iou"]] * 2, **style)
    else:
        axes.plot(distances, [scores[d] for d in distances], **style)


def _draw_system(axes, number, system, points):
    times = [row["milliseconds_per_frame"] for row in points]
    scores = [100 * row["mean_iou"] for row in points]
    axes.plot(
        times, scores, marker=_MARKERS[number % len(_MARKERS)], label=system
    )
    color = axes.lines[-1].get_color()
    # A white outline keeps the numbers legible where lines cross them, and
    # above and below in turn keeps those of two systems apart.
    effects = optional.require("matplotlib.patheffects", "plot")
    outline = [effects.withStroke(linewidth=3, foreground="white")]
    offset = (5, 5) if number % 2 == 0 else (5, -11)
    for row, time, score in zip(points, times, scores, strict=True):
        axes.annotate(
            f"{row['interval']:.3g}",
            (time, score),
            xytext=offset,
            textcoords="offset points",
            fontsize="small",
            color=color,
            path_effects=outline,
        )


def _by_system(rows, columns):
    """Rows of each system, in the order of the interval."""
    systems = {}
    for index, row in enumerate(rows):
        missing = [column for column in columns if column not in row]
        if missing:
            raise ValueError(f"row {index} has no {', '.join(missing)}")
        if not 0 <= row["mean_iou"] <= 1:
            raise ValueError(
                f"mean_iou of row {index} must be from 0 to 1, not "
                f"{row['mean_iou']}"
            )
        systems.setdefault(row["system"], []).append(row)
    if not systems:
        raise ValueError("there are no rows to plot")
    for points in systems.values():
        points.sort(key=lambda row: row["interval"])
    return systems
