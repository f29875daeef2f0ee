"""What learning on the go made of a drive, as pictures."""

import numpy as np

from accel_tf import optional
from accel_tf.files import replacing
from accel_tf.visualize import add_legend, caption, overlay, write_picture

SHOWN = (
    "no adaptation",
    "one-time",
    "AMS, 5%",
    "full model",
    "full model, 20 times the link",
)
"""Ways whose curves are shown; of the first three also labels."""


def plot_drive(drive, rows, curves, path):
    """Mean IoU over time, and against the bandwidth.

    Args:
        drive: `Drive`.
        rows: dicts with `way`, `kbps_down` and `mean_iou` (0 to 1).
        curves: dict of way -> mean IoU by frame, float `[T]`.
        path: of the PNG file.
    """
    plt = optional.matplotlib_pyplot()
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(12, 4.2), width_ratios=(3, 2), layout="constrained"
    )
    for name in SHOWN:
        if name in curves:
            left.plot(drive.times, 100 * curves[name], label=name)
    for seconds, text in drive.scenes:
        left.axvline(seconds, color="0.8", linewidth=0.8, zorder=0)
        left.annotate(
            text, (seconds, 1.0), xycoords=("data", "axes fraction"),
            xytext=(3, -10), textcoords="offset points", fontsize=8,
        )  # fmt: skip
    left.set_xlabel("seconds")
    left.set_ylabel("mean IoU with the teacher, last 10 s, %")
    left.legend(loc="best", fontsize=8)
    for row in rows:
        right.plot(row["kbps_down"], 100 * row["mean_iou"], "o", markersize=5)
        right.annotate(
            row["way"], (row["kbps_down"], 100 * row["mean_iou"]),
            xytext=(4, 3), textcoords="offset points", fontsize=7,
        )  # fmt: skip
    right.margins(x=0.2)
    right.set_xscale("symlog", linthresh=20)
    right.set_xlabel("kbit/s down")
    right.set_ylabel("mean IoU, %")
    with replacing(path) as partial:
        figure.savefig(partial, dpi=110)
    plt.close(figure)


def draw_drive(drive, seen, path):
    """Frames, the teacher's labels, and what the student made of them.

    Args:
        drive: `Drive`.
        seen: dict of way -> dict of a frame's index -> uint8 `[H, W]`.
        path: of the PNG file.
    """
    rows = []
    for index in next(iter(seen.values())):
        frame = drive.frames[index]
        named = {
            "teacher": drive.labels[index],
            **{
                name: labels[index]
                for name, labels in seen.items()
                if name in SHOWN[:3]
            },
        }
        tiles = [caption(frame, f"{drive.times[index]:.0f} s")]
        for name, labels in named.items():
            picture = overlay(frame, labels, drive.label_map, alpha=0.6)
            tiles.append(caption(picture, name))
        rows.append(np.concatenate(tiles, 1))
    write_picture(path, add_legend(np.concatenate(rows), drive.label_map))
