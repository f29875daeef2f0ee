"""How labels change where a key frame comes, and what softens it, on CamVid.

    accel-tf build-data camvid_sequences/segnet_480x360 \\
        --manual-dir CAMVID --data-dir data
    accel-tf recipe compare_pulse --data-dir data

The models that come with the package run over CamVid's dense `val` video with a
key frame every five frames: Deep Feature Flow, Accel, with key frames as
published and fused, and DeepLab carried along `dis`, each as it is and with key
frames that are blended in over some frames, and the last with `smooth`, too.
Their classes are mapped to CamVid's. `--trained DIR`, which is `--out` of
`compare_on_camvid`, takes the models of that instead: Accel with and without an
update branch of its own training. Labels are followed along polynomial
expansion (SCIA 2003), which none of them uses. `make readme` makes the table.
"""

import json
import pathlib

import cv2
import tqdm

from accel_tf.benchmark.devices import describe_machine
from accel_tf.data.builders import prepared_builder
from accel_tf.data.sequences import read_sequences
from accel_tf.evaluation import evaluate_together
from accel_tf.evaluation.report import format_rows, report_row
from accel_tf.files import write_text
from accel_tf.models.accel import Accel
from accel_tf.models.blending import with_blend
from accel_tf.models.fuse import fuse_for_inference
from accel_tf.models.keras_files import load_keras_model
from accel_tf.models.propagation import propagate
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.drawn_cuts import Sequences
from accel_tf.recipes.common.option_types import at_least
from accel_tf.recipes.common.recorded import results_file
from accel_tf.weights import default_model

CAMVID = "camvid_sequences/segnet_480x360"
INTERVAL = 5
BLENDS = (3, INTERVAL)
SMOOTH = 0.7


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="of all data sets (default: data in the DIR of --trained, else "
        "that of TFDS)",
    )
    parser.add_argument("--trained", metavar="DIR")
    parser.add_argument(
        "--frames", type=at_least(11), metavar="N", help="of each sequence"
    )
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args(arguments)
    data_dir = options.data_dir
    if options.trained is None:
        accels = {"Accel": default_model()}
    else:
        folder = pathlib.Path(options.trained)
        accels = _trained(folder / "train_other_drives")
        data_dir = data_dir or folder / "data"
    builder = prepared_builder(CAMVID, data_dir)
    sequences = read_sequences(builder, "validation")
    names = sequences.class_names
    if options.frames is not None:
        sequences = Sequences([_first(s, options.frames) for s in sequences])
        sequences.class_names = names
    cv2.setNumThreads(1)
    rows = _rows(make_systems(accels), sequences, names)
    print(format_rows(rows))
    report = {"machine": describe_machine("tensorflow", "keras"), "rows": rows}
    path = options.json or results_file("pulse.json")
    write_text(path, json.dumps(report, indent=1) + "\n")


def _first(sequence, length):
    """The first frames of a sequence, with their labels."""
    positions = [int(p) for p in sequence["label_positions"] if p < length]
    length = min(length, len(sequence["frames"]))
    return {
        "frames": [sequence["frames"][index] for index in range(length)],
        "labels": [sequence["labels"][i] for i in range(len(positions))],
        "label_positions": positions,
    }


def _trained(folder):
    """Name -> `Accel`, of those that `compare_on_camvid` trained."""
    files = {"Accel": "accel", "Accel, fusion only": "accel_fusion"}
    return {
        name: load_keras_model(folder / file / "accel_tiny.keras", Accel)
        for name, file in files.items()
    }


def make_systems(accels):
    """What is compared.

    Args:
        accels: dict of name -> `Accel`; the parts of the last one make Deep
            Feature Flow and DeepLab.

    Returns:
        dict of name -> model, in its form for inference.
    """
    *_, last = accels.values()
    carried = propagate(last.reference_segmenter(), "dis")
    systems = {}
    _add(systems, "Deep Feature Flow", last.without_update())
    for name, model in accels.items():
        _add(systems, name, model)
        _add(systems, f"{name}, key frames fused", model.fusing_key_frames())
    _add(systems, "DeepLab, carried by dis", carried)
    systems[f"DeepLab, carried by dis, smooth {SMOOTH}"] = propagate(
        last.reference_segmenter(), "dis", smooth=SMOOTH
    )
    return {name: fuse_for_inference(x) for name, x in systems.items()}


def _add(systems, name, model):
    """The model as it is, and blended."""
    systems[name] = model
    for frames in BLENDS:
        systems[f"{name}, blended over {frames}"] = with_blend(model, frames)


def _rows(systems, sequences, names):
    with tqdm.tqdm(total=100, unit=" %") as bar:
        evaluations = evaluate_together(
            [(model, INTERVAL) for model in systems.values()],
            sequences,
            "stream",
            "farneback",
            lambda share: bar.update(
                min(100 * share / len(sequences), 100 - bar.n)
            ),
        )
    height, width = next(iter(sequences))["frames"][0].shape[:2]
    return [
        report_row(name, model, evaluation, names, height, width)
        for (name, model), evaluation in zip(
            systems.items(), evaluations, strict=True
        )
    ]


if __name__ == "__main__":
    run(main)
