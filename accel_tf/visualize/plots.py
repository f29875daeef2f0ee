"""Plots of measurements, written as PNG files."""

import math
import os
import pathlib

from accel_tf import optional

_COLUMNS = ("system", "interval", "mean_iou", "milliseconds_per_frame")
_MARKERS = "os^Dv<>Ph"


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
    path = pathlib.Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"the plot is a PNG file; {path} must end in .png")
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"no such folder: {path.absolute().parent}")
    systems = _by_system(rows)

    pyplot = optional.matplotlib_pyplot()
    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    partial = path.with_name(f".{path.name}.partial")
    try:
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
        axes.grid(alpha=0.3)
        axes.legend(loc="best", framealpha=0.9)
        figure.savefig(partial, format="png", dpi=120)
        os.replace(partial, path)
    finally:
        pyplot.close(figure)
        partial.unlink(missing_ok=True)


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
            str(row["interval"]),
            (time, score),
            xytext=offset,
            textcoords="offset points",
            fontsize="small",
            color=color,
            path_effects=outline,
        )


def _by_system(rows):
    """Rows of each system, in the order of the interval."""
    systems = {}
    for index, row in enumerate(rows):
        missing = [column for column in _COLUMNS if column not in row]
        if missing:
            raise ValueError(f"row {index} has no {', '.join(missing)}")
        if not 0 <= row["mean_iou"] <= 1:
            raise ValueError(
                f"mean_iou of row {index} must be from 0 to 1, not "
                f"{row['mean_iou']}"
            )
        time = row["milliseconds_per_frame"]
        if not (math.isfinite(time) and time > 0):
            raise ValueError(
                f"milliseconds_per_frame of row {index} must be above 0, not "
                f"{time}"
            )
        systems.setdefault(row["system"], []).append(row)
    if not systems:
        raise ValueError("there are no rows to plot")
    for points in systems.values():
        points.sort(key=lambda row: row["interval"])
    return systems
