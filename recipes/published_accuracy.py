"""Published mean IoU against cost, per frame and propagated: a figure.

    accel-tf recipe published_accuracy --out recipes/results

Accuracy on Cityscapes `val` as the authors publish it (the sources are in
`accel_tf/models/published.py`), cost as `accel-tf models` counts it at
1024x2048. Accuracy when propagated was not measured there: those marks show
the cost alone, at the height of the per-frame model, and are hollow.
"""

import gc
import json
import pathlib

import keras

from accel_tf import optional
from accel_tf.files import replacing, write_text
from accel_tf.models.presets import from_preset
from accel_tf.models.propagation import propagate
from accel_tf.models.published import PUBLISHED
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.recorded import results_file

SIZE = (1024, 2048)
INTERVAL = 5
# Names that would lie on others stand below their marks.
BELOW = ("Accel-18", "Accel-50", *(f"SegFormer-B{n}" for n in (1, 2, 4)))
FLOW = "small"


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument("--out", default=results_file(""), metavar="DIR")
    options = parser.parse_args(arguments)
    out = pathlib.Path(options.out)
    rows = [_row(preset, facts) for preset, facts in PUBLISHED.items()]
    text = json.dumps({"size": SIZE, "interval": INTERVAL, "rows": rows})
    write_text(out / "published_accuracy.json", text + "\n")
    _plot(rows, out / "published_accuracy.png")


def _row(preset, published):
    is_hub = preset.startswith("hub:")
    options = {"load_weights": False} if is_hub else {}
    model = from_preset(preset, **options)
    cost = _mean_cost(model)
    propagated = None
    if not model.uses_key_frames:
        propagated = _mean_cost(propagate(model, FLOW))
    del model
    keras.backend.clear_session()
    gc.collect()
    return {
        "preset": preset,
        "name": published.name,
        "family": published.family,
        "mean_iou": published.mean_iou / 100,
        "source": published.source,
        "multiply_adds": cost,
        "propagated_multiply_adds": propagated,
    }


def _mean_cost(model):
    cost = model.multiply_adds(*SIZE)
    return (cost["key"] + (INTERVAL - 1) * cost["non_key"]) / INTERVAL


def _plot(rows, path):
    plt = optional.matplotlib_pyplot()
    figure, axes = plt.subplots(figsize=(8, 5))
    families = list(dict.fromkeys(row["family"] for row in rows))
    for index, family in enumerate(families):
        color = f"C{index}"
        for row in (row for row in rows if row["family"] == family):
            x, y = row["multiply_adds"] / 1e9, 100 * row["mean_iou"]
            axes.plot(x, y, "o", color=color)
            axes.annotate(
                row["name"],
                (x, y),
                (4, -11 if row["name"] in BELOW else 4),
                textcoords="offset points",
                fontsize=8,
            )
            if row["propagated_multiply_adds"]:
                cheap = row["propagated_multiply_adds"] / 1e9
                axes.plot([cheap, x], [y, y], ":", color=color, linewidth=0.8)
                axes.plot(cheap, y, "o", color=color, markerfacecolor="none")
        axes.plot([], [], "o", color=color, label=family)
    axes.plot(
        [],
        [],
        "o",
        color="grey",
        markerfacecolor="none",
        label=f"cost when propagated, interval {INTERVAL}",
    )
    axes.set_xscale("log")
    axes.set_xlim(right=3000)
    axes.set_xlabel("GMAC per frame of 1024x2048")
    axes.set_ylabel("published mean IoU on Cityscapes val, %")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    figure.tight_layout()
    with replacing(path) as partial:
        figure.savefig(partial, dpi=110, format="png")
    plt.close(figure)


if __name__ == "__main__":
    run(main)
