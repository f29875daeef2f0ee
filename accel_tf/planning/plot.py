"""Labels against time, with the front and the goal."""

from accel_tf.planning.front import front
from accel_tf.visualize.plot_files import checked_png, picture

_MARKERS = {
    "tensorflow": "o",
    "openvino": "s",
    "onnxruntime": "^",
    "litert": "D",
}


def plot_plan(rows, goal, chosen, against, path):
    """Draws every row that has a score.

    Args:
        rows: list of `Row`.
        goal: `Goal`.
        chosen: the `Row` that is recommended, or `None`.
        against: what the labels were compared with, in a few words.
        path: of the PNG file.

    Raises:
        ValueError, FileNotFoundError, ImportError: as `checked_png` and
            `picture`.
    """
    path = checked_png(path)
    scored = [row for row in rows if row.score is not None]
    with picture(path) as axes:
        _draw_goal(axes, goal)
        _draw_rows(axes, scored)
        _draw_front(axes, front(scored), chosen)
        axes.set_xscale("log")
        axes.set_xlabel("time per frame, all of accel-tf segment (ms)")
        axes.set_ylabel("mean IoU (%)")
        axes.set_title(
            f"Labels against time; mean IoU with {against}", fontsize="medium"
        )
        axes.margins(x=0.1, y=0.12)
        _plain_numbers(axes.xaxis)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")


def _draw_goal(axes, goal):
    limit, with_margin = 1000 / goal.rate, 1000 / goal.rate_with_margin
    axes.axvline(limit, color="0.4", label=f"{goal.rate:g} frames per second")
    axes.axvspan(with_margin, limit, color="0.85", label="margin", zorder=0)


def _draw_rows(axes, rows):
    by_kind = {}
    for row in rows:
        variant = row.result.variant
        key = variant.name.text, variant.runtime
        by_kind.setdefault(key, []).append(row)
    names = list(dict.fromkeys(name for name, _ in by_kind))
    for (name, runtime), points in by_kind.items():
        axes.plot(
            [row.frame for row in points],
            [100 * row.score.mean_iou for row in points],
            linestyle="",
            marker=_MARKERS.get(runtime, "x"),
            color=f"C{names.index(name) % 10}",
            alpha=0.7,
            label=f"{name}, {runtime}",
        )


def _draw_front(axes, rows, chosen):
    axes.step(
        [row.frame for row in rows],
        [100 * row.score.mean_iou for row in rows],
        where="post",
        color="0.3",
        linewidth=1,
        label="front; numbers: interval",
    )
    for row in rows:
        axes.annotate(
            str(row.interval),
            (row.frame, 100 * row.score.mean_iou),
            xytext=(5, -12),
            textcoords="offset points",
            fontsize="small",
        )
    if chosen is not None and chosen.score is not None:
        axes.plot(
            chosen.frame,
            100 * chosen.score.mean_iou,
            linestyle="",
            marker="*",
            markersize=18,
            markerfacecolor="none",
            markeredgecolor="black",
            label="recommended",
        )


def _plain_numbers(axis):
    from matplotlib import ticker

    axis.set_major_locator(ticker.LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axis.set_minor_formatter(ticker.NullFormatter())
