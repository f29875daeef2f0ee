"""Trains and compares the systems on CamVid: a table of the results.

    accel-tf recipe compare_on_camvid --manual-dir CAMVID --out out/camvid

CAMVID holds `train`, `trainannot`, `val` and `valannot` (480x360, 11
classes). Everything is trained twice: on all of `train`, most of which is
the drive that the validation is cut from, and without that drive. A stage
that is finished is not run again, and one that was stopped goes on.
"""

import json
import pathlib

import numpy as np

from accel_tf.benchmark.devices import describe_machine
from accel_tf.data.build_data import build_data
from accel_tf.data.builders import prepared_builder
from accel_tf.data.sequences import read_sequences
from accel_tf.evaluation.systems import evaluate_systems
from accel_tf.files import write_text
from accel_tf.models.accel import Accel
from accel_tf.models.keras_files import load_keras_model, save_model
from accel_tf.models.propagation import propagate, with_flow
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.recorded import results_file
from accel_tf.recipes.common.stages import cost, train
from accel_tf.streaming import FixedInterval, VideoStream
from accel_tf.visualize import add_legend, caption, overlay, write_picture

DATA = "camvid_sequences/segnet_480x360"
STREETS = "synthetic_streets/tiny_128x256"
SPLITS = ("train", "train_other_drives")
INTERVALS = (1, 2, 3, 5, 10)
# Beside the flow network that is trained here.
FLOWS = ("dis", "small")
DRAWN = (
    *("DeepLab, reference branch", "DeepLab, update branch"),
    *("Deep Feature Flow, dis", "Accel, dis"),
)


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument("--manual-dir", required=True, metavar="DIR")
    parser.add_argument("--out", default="out/camvid", metavar="DIR")
    parser.add_argument(
        "--json", default=results_file("camvid.json"), metavar="FILE"
    )
    options = parser.parse_args(arguments)
    out = pathlib.Path(options.out).resolve()
    data_dir = out / "data"
    print(build_data(DATA, data_dir, options.manual_dir))
    print(build_data(STREETS, data_dir))

    streets_flow = out / "flow_streets"
    train("train_flow", "streets_flow", data_dir=data_dir, out=streets_flow)
    trainings = [cost(streets_flow, split="drawn streets", stage="flow")]
    rows = []
    for split in SPLITS:
        trainings += _train_parts(out / split, split, data_dir, streets_flow)
        rows += _evaluate(out / split, split, data_dir)
    report = {
        "machine": describe_machine("tensorflow", "keras"),
        "trainings": trainings,
        "rows": rows,
    }
    write_text(options.json, json.dumps(report, indent=1) + "\n")


def _train_parts(folder, split, data_dir, streets_flow):
    common = {"data_dir": data_dir, "split": split}
    parts = {
        "reference": folder / "reference" / "deeplab_tiny.keras",
        "flow": folder / "flow" / "dff_tiny.keras",
        "update": folder / "update" / "deeplab_tiny_light.keras",
    }
    stages = {
        "reference": ("train_deeplab", {}),
        "update": ("train_deeplab", {}),
        "flow": ("train_flow", {"weights": streets_flow / "dff_tiny.keras"}),
        "accel": ("train_accel", parts),
        "accel_fusion": ("train_accel", parts),
    }
    for stage, (script, settings) in stages.items():
        settings = {**common, "out": folder / stage, **settings}
        train(script, f"camvid_{stage}", **settings)
    return [cost(folder / stage, split=split, stage=stage) for stage in stages]


def _evaluate(folder, split, data_dir):
    models = _systems(
        *(
            load_keras_model(folder / stage / "accel_tiny.keras", Accel)
            for stage in ("accel", "accel_fusion")
        )
    )
    systems = {}
    for number, (name, model) in enumerate(models.items()):
        file = folder / "systems" / f"{number}.keras"
        file.parent.mkdir(exist_ok=True)
        save_model(model, file)
        systems[name] = None, [file]
    rows = evaluate_systems(
        systems,
        DATA,
        data_dir,
        intervals=INTERVALS,
        mode="stream",
        temporal=True,
        rounds=20,
        plots=folder / "plots",
    )
    sequence = next(
        iter(read_sequences(prepared_builder(DATA, data_dir), "validation"))
    )
    drawn = {name: models[name] for name in DRAWN}
    _draw(drawn, sequence, folder / "plots" / "overlay.png")
    return [{**row, "trained_on": split} for row in rows]


def _systems(accel, only_fusion):
    """Name -> model: the trained ones, their parts, and along other flows."""
    reference, dff = accel.reference_segmenter(), accel.without_update()
    systems = {
        "DeepLab, reference branch": reference,
        "DeepLab, update branch": accel.update_segmenter(),
        "Deep Feature Flow": dff,
        "Accel": accel,
    }
    for flow in FLOWS:
        systems[f"reference branch, carried by {flow}"] = propagate(
            reference, flow
        )
        # Moved once from the key frame, not from frame to frame as the
        # published system does, which blurs them.
        systems[f"Deep Feature Flow, {flow}"] = propagate(
            reference, flow, split="backbone"
        )
        systems[f"Accel, {flow}"] = with_flow(accel, flow)
    systems["Accel, only the fusion trained, dis"] = with_flow(
        only_fusion, "dis"
    )
    return systems


def _draw(models, sequence, path, start=40, interval=10):
    """Frame, truth and every system's labels, as far as can be from a key."""
    frames = [sequence["frames"][start + i] for i in range(interval)]
    label_map = next(iter(models.values())).label_map
    truth = sequence["labels"][start + interval - 1][..., 0]
    tiles = [
        caption(frames[-1], "frame"),
        caption(overlay(frames[-1], truth, label_map), "truth"),
    ]
    for name, model in models.items():
        stream = VideoStream(model, FixedInterval(interval))
        for frame in frames:
            labels = stream(frame[None])[0]
        if model.uses_key_frames:
            name = f"{name}, {interval - 1} frames after the key frame"
        tiles.append(caption(overlay(frames[-1], labels, label_map), name))
    picture = np.concatenate(
        [np.concatenate(tiles[i : i + 3], 1) for i in range(0, 6, 3)]
    )
    write_picture(path, add_legend(picture, label_map))


if __name__ == "__main__":
    run(main)
