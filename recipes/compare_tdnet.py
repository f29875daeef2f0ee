"""Trains TDNet, with and without its teacher, and compares it with Accel.

    accel-tf demo --out out/demo
    accel-tf recipe compare_on_camvid --manual-dir CAMVID --out out/camvid
    accel-tf recipe compare_tdnet --demo out/demo --camvid out/camvid

The first two build the data and train Accel. On the drawn streets of the demo
and on CamVid this trains a deep PSPNet, a shallow one, and of that TDNet. Its
four paths learn once from the deep PSPNet too and once from the labels alone.
A stage that is finished is not run again, and one that was stopped goes on.
"""

import json
import pathlib

from accel_tf.benchmark.devices import describe_machine
from accel_tf.evaluation.systems import evaluate_systems
from accel_tf.files import write_text
from accel_tf.models.accel import Accel
from accel_tf.models.keras_files import load_keras_model, save_model
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.recorded import results_file
from accel_tf.recipes.common.stages import cost, train

STREETS = "synthetic_streets/tiny_128x256"
CAMVID = "camvid_sequences/segnet_480x360"
INTERVALS = (2, 5)


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument("--demo", default="out/demo", metavar="DIR")
    parser.add_argument("--camvid", default="out/camvid", metavar="DIR")
    parser.add_argument(
        "--splits",
        default="train",
        metavar="NAME,NAME",
        help="of CamVid: train, train_other_drives (default: train)",
    )
    parser.add_argument(
        "--json", default=results_file("tdnet.json"), metavar="FILE"
    )
    options = parser.parse_args(arguments)
    demo, camvid = pathlib.Path(options.demo), pathlib.Path(options.camvid)
    places = [
        ("streets", STREETS, demo / "data", "train", demo / "tdnet", demo)
    ] + [
        (
            "camvid",
            CAMVID,
            camvid / "data",
            split,
            camvid / split,
            camvid / split / "accel",
        )
        for split in options.splits.split(",")
    ]
    for *_, accel in places:
        if not (accel / "accel_tiny.keras").is_file():
            raise FileNotFoundError(
                f"no {accel / 'accel_tiny.keras'}; run the commands at the "
                "head of `accel-tf recipe compare_tdnet --help` first"
            )
    report = {
        "machine": describe_machine("tensorflow", "keras"),
        "trainings": [],
        "rows": [],
    }
    for configs, data, data_dir, split, folder, accel in places:
        labels = {"data": data, "trained_on": split}
        stages = _train(configs, data_dir, split, folder.resolve())
        report["trainings"] += [
            cost(folder / stage, **labels, stage=stage) for stage in stages
        ]
        rows = _evaluate(data, data_dir, folder, accel / "accel_tiny.keras")
        report["rows"] += [{**row, **labels} for row in rows]
    write_text(options.json, json.dumps(report, indent=1) + "\n")


def _train(configs, data_dir, split, folder):
    shallow = {"pspnet_weights": folder / "psp" / "psp_tiny.keras"}
    deep = {"teacher_weights": folder / "psp_deep" / "psp_tiny_deep.keras"}
    none = {"teacher": "none", "teacher_weights": "none"}
    stages = {
        "psp_deep": ("train_pspnet", "psp_deep", {}),
        "psp": ("train_pspnet", "psp", {}),
        "tdnet": ("train_tdnet", "tdnet", {**shallow, **deep}),
        "tdnet_untaught": ("train_tdnet", "tdnet", {**shallow, **none}),
    }
    for stage, (script, config, settings) in stages.items():
        train(
            script,
            f"{configs}_{config}",
            data_dir=data_dir.resolve(),
            split=split,
            out=folder / stage,
            **settings,
        )
    return list(stages)


def _evaluate(data, data_dir, folder, accel):
    model = load_keras_model(accel, Accel)
    parts = folder / "accel_parts"
    parts.mkdir(exist_ok=True)
    reference, dff = parts / "deeplab_tiny.keras", parts / "dff_tiny.keras"
    save_model(model.reference_segmenter("deeplab_tiny"), reference)
    save_model(model.without_update("dff_tiny"), dff)
    return evaluate_systems(
        {
            "DeepLab, Accel's reference branch": ("deeplab_tiny", [reference]),
            "Deep Feature Flow": ("dff_tiny", [dff]),
            "Accel": ("accel_tiny", [accel]),
            "PSPNet, deep": (
                "psp_tiny_deep",
                [folder / "psp_deep" / "psp_tiny_deep.keras"],
            ),
            "PSPNet": ("psp_tiny", [folder / "psp" / "psp_tiny.keras"]),
            "TDNet": (
                "td4_psp_tiny",
                [folder / "tdnet" / "td4_psp_tiny.keras"],
            ),
            "TDNet, no teacher": (
                "td4_psp_tiny",
                [folder / "tdnet_untaught" / "td4_psp_tiny.keras"],
            ),
        },
        data,
        data_dir,
        intervals=INTERVALS,
        mode="stream",
        temporal=True,
        rounds=20,
    )


if __name__ == "__main__":
    run(main)
