"""Key frames at a fixed interval and where they pay, at equal cost.

    accel-tf recipe compare_keyframes --trained out/camvid

DIR after `--trained` is `--out` of `compare_on_camvid`. Its models run over
CamVid's dense `val` video, those that come with the package over drawn drives
with stops and turns, and over pieces of these with cuts between them. Drives
0 to 2 are those on which `accel_tf.streaming.adaptive_rule` was fitted; they
are not used here. `make readme` makes the tables.

With `--signals` it says instead how well each signal tells what carried labels
have lost, at the distances 1 to 10 from the key frame, on the fitted drives and
on `val`.
"""

import json
import pathlib

import tqdm

from accel_tf.benchmark.devices import describe_machine
from accel_tf.data.builders import prepared_builder
from accel_tf.data.label_maps import STREETS
from accel_tf.data.sequences import read_sequences
from accel_tf.evaluation import evaluate_together
from accel_tf.evaluation.report import format_rows, report_row
from accel_tf.files import write_text
from accel_tf.models.accel import Accel
from accel_tf.models.fuse import fuse_for_inference
from accel_tf.models.keras_files import load_keras_model
from accel_tf.models.propagation import propagate
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.drawn_cuts import drawn_drives, with_cuts
from accel_tf.recipes.common.recorded import results_file
from accel_tf.recipes.common.signal_study import study_signals
from accel_tf.streaming import AdaptiveKeyframes, FixedInterval, SceneCuts
from accel_tf.weights import default_model

CAMVID = "camvid_sequences/segnet_480x360"
TRAINED = ("train_other_drives", "accel", "accel_tiny.keras")
INTERVALS = (10, 5, 3)
SHARES = (0.1, 0.2, 0.33)
FITTED = (0, 1, 2)
SHOWN = (3, 4)


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument("--trained", required=True, metavar="DIR")
    parser.add_argument("--signals", action="store_true")
    parser.add_argument("--frames", type=int, default=120, metavar="N")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args(arguments)
    folder = pathlib.Path(options.trained)
    builder = prepared_builder(CAMVID, folder / "data")
    camvid = read_sequences(builder, "validation")
    systems = {
        "CamVid val": _systems(
            load_keras_model(folder.joinpath(*TRAINED), Accel)
        ),
        "drawn drives": _systems(default_model()),
    }
    if options.signals:
        name = "keyframe_signals.json"
        fitted = drawn_drives(FITTED, options.frames)
        data = {"CamVid val": camvid, "drawn drives": fitted}
        rows = [
            {"data": where, "system": system, **row}
            for where, models in systems.items()
            for system, model in models.items()
            for row in study_signals(model, data[where])
        ]
    else:
        name = "keyframes.json"
        drives = drawn_drives(SHOWN, options.frames)
        rows = _compare("drawn drives", systems["drawn drives"], drives)
        pieces = with_cuts(drives, options.frames)
        rows += _compare_cuts(systems["drawn drives"], pieces)
        rows += _compare("CamVid val", systems["CamVid val"], camvid)
    report = {
        "machine": describe_machine("tensorflow", "keras"),
        "rows": rows,
    }
    path = options.json or results_file(name)
    write_text(path, json.dumps(report, indent=1) + "\n")


def _systems(accel):
    carried = propagate(accel.reference_segmenter(), "dis")
    models = {
        "Accel": accel,
        "DeepLab, carried by dis": carried,
    }
    return {name: fuse_for_inference(model) for name, model in models.items()}


def _compare(where, systems, sequences):
    policies = [*map(FixedInterval, INTERVALS), *map(AdaptiveKeyframes, SHARES)]
    runs = [(name, policy, False) for name in systems for policy in policies]
    return _rows(where, systems, sequences, runs)


def _compare_cuts(systems, sequences):
    policies = [FixedInterval(5), AdaptiveKeyframes(0.2)]
    runs = [
        (name, policy, cuts)
        for name in systems
        for policy in policies
        for cuts in (False, True)
    ]
    return _rows("drives with cuts", systems, sequences, runs)


def _rows(where, systems, sequences, runs):
    with tqdm.tqdm(total=len(sequences), desc=where) as bar:
        evaluations = evaluate_together(
            [
                (systems[name], SceneCuts(policy) if cuts else policy)
                for name, policy, cuts in runs
            ],
            sequences,
            "stream",
            True,
            lambda share: bar.update(min(share, bar.total - bar.n)),
        )
    height, width = next(iter(sequences))["frames"][0].shape[:2]
    rows = []
    for (name, policy, cuts), evaluation in zip(runs, evaluations, strict=True):
        is_adaptive = isinstance(policy, AdaptiveKeyframes)
        row = report_row(
            name,
            systems[name],
            evaluation,
            getattr(sequences, "class_names", STREETS.names),
            height,
            width,
            data=where,
            keyframes="adaptive" if is_adaptive else "fixed",
            target_share=(
                policy.target_share if is_adaptive else 1 / policy.interval
            ),
            cuts=cuts,
        )
        rows.append(row)
    print(format_rows(rows))
    return rows


if __name__ == "__main__":
    run(main)
