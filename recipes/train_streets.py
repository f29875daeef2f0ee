"""Trains the weights of the package: accel_tiny for streets, 19 classes.

    accel-tf recipe train_streets --real DIR --out out/streets

DIR holds real frames and labels, laid out as `common/streets_data.py` says;
drawn streets are made on the spot. The stages are the reference branch in
four parts, the update branch in two, the flow network (or a trained one,
`--flow FILE`) and their fusion; the result is
OUT/accel_tiny_streets.weights.h5. A stage that is finished is not run again,
and one that was stopped goes on.

`--leave-out NAME` trains without a video, or without CamVid (`camvid`): how
good are such weights on cameras that they never saw?
"""

import json
import pathlib

from accel_tf.files import write_text
from accel_tf.models.accel import Accel
from accel_tf.models.keras_files import load_keras_model
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.stages import cost, settings_of, train
from accel_tf.recipes.common.streets_data import (
    REAL,
    build_moving,
    build_streets,
)
from accel_tf.weights.half_precision import save_half


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument("--real", required=True, metavar="DIR")
    parser.add_argument("--out", default="out/streets", metavar="DIR")
    parser.add_argument("--flow", metavar="FILE", help="trained flow network")
    parser.add_argument(
        "--leave-out", action="append", default=[], metavar="NAME"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.KEY=VALUE",
        help="changes a setting of a stage, such as reference.steps=400",
    )
    parser.add_argument(
        "--stages",
        default="reference,settled,settled_again,longer,update,update_again,"
        "flow,accel",
        help="the first ones of them; the result needs all",
    )
    options = parser.parse_args(arguments)
    out = pathlib.Path(options.out).resolve()
    data_dir = out / "data"
    print(build_streets(options.real, data_dir, options.leave_out))
    if not options.flow:
        print(build_moving(data_dir))
    stages = stages_of(out, options.flow)
    changes = settings_of(options.set, stages)
    costs = []
    for name in options.stages.split(","):
        if name not in stages:
            raise ValueError(
                f"no stage {name!r}; there are {', '.join(stages)}"
            )
        script, config, settings = stages[name]
        if script is None:
            continue
        settings = {**settings, **changes[name]}
        train(script, config, data_dir=data_dir, out=out / name, **settings)
        costs.append(cost(out / name, stage=name))
    write_text(out / "costs.json", json.dumps(costs, indent=1) + "\n")
    if "accel" in options.stages:
        model = load_keras_model(out / "accel" / "accel_tiny.keras", Accel)
        path = out / "accel_tiny_streets.weights.h5"
        save_half(model, path)
        print(f"Written: {path}")


def stages_of(out, flow):
    """Name -> (script, or none to run; config; settings that differ)."""
    out = pathlib.Path(out)
    parts = {
        "reference": out / "longer" / "deeplab_tiny.keras",
        "update": out / "update_again" / "deeplab_tiny_light.keras",
        "flow": flow or out / "flow" / "dff_tiny.keras",
    }
    flow_script = None if flow else "train_flow"
    return {
        "reference": ("train_deeplab", "streets_reference", {"data": REAL}),
        "settled": (
            "train_deeplab",
            "streets_settled",
            {
                "data": REAL,
                "weights": out / "reference" / "deeplab_tiny.keras",
            },
        ),
        "settled_again": (
            "train_deeplab",
            "streets_settled",
            {
                "data": REAL,
                "weights": out / "settled" / "deeplab_tiny.keras",
                "steps": 400,
                "steps_per_epoch": 100,
            },
        ),
        "longer": (
            "train_deeplab",
            "streets_longer",
            {
                "data": REAL,
                "weights": out / "settled_again" / "deeplab_tiny.keras",
            },
        ),
        "update": ("train_deeplab", "streets_update", {"data": REAL}),
        "update_again": (
            "train_deeplab",
            "streets_update",
            {
                "data": REAL,
                "weights": out / "update" / "deeplab_tiny_light.keras",
                "steps": 600,
                "learning_rate": 3e-3,
                "validation_split": None,
            },
        ),
        "flow": (flow_script, "streets_flow_tiny", {"data": REAL}),
        "accel": ("train_accel", "streets_accel", {"data": REAL, **parts}),
    }


if __name__ == "__main__":
    run(main)
