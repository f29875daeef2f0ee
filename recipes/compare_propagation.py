"""What carrying labels along the optical flow costs and gains, on CamVid.

    accel-tf recipe compare_propagation --manual-dir CAMVID --labels DIR

CAMVID holds `train`, `trainannot`, `val` and `valannot` (480x360, 11
classes); DIR has a label image of another network for every frame of `val`
(see `accel_tf.evaluation.stored_labels`). All run over the dense `val` video
as a stream: those labels, and the weights that come with the package, frame
by frame and carried, along several flows. Steadiness is measured along a flow
that nothing here is carried by. `make readme` makes the tables.

With `--trust` it compares what tells where the flow is wrong instead: how well
each map of trust knows wrongly carried labels, what smoothing makes of it, and
the fusion with an update branch: the labels of the package's DeepLab.
"""

import json
import pathlib

import cv2
import tqdm

from accel_tf.benchmark.devices import describe_machine
from accel_tf.data.build_data import build_data
from accel_tf.data.builders import prepared_builder
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.sequences import read_sequences
from accel_tf.evaluation import evaluate_together, measure_steps
from accel_tf.evaluation.report import format_rows, report_row
from accel_tf.evaluation.stored_labels import stored_labels
from accel_tf.files import write_text
from accel_tf.models.fuse import fuse_for_inference
from accel_tf.models.motion import TRUSTS
from accel_tf.models.per_frame import per_frame
from accel_tf.models.propagation import propagate, smooth, with_flow
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.recorded import results_file
from accel_tf.recipes.common.trust_scores import trust_roc_area
from accel_tf.streaming import VideoStream
from accel_tf.weights import default_model

DATA = "camvid_sequences/segnet_480x360"
INTERVALS = (1, 2, 3, 5, 10)
FLOWS = (
    *("dis:medium", "dis:fast", "dis:medium:2", "dis:fast:2"),
    *("dis:medium:4", "dis:fast:4", "small"),
)
FEW_FLOWS = ("dis:medium", "dis:fast:2", "small")
TRUST_INTERVALS = (5, 10)
CARRIED = "labels, carried"


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument("--manual-dir", required=True, metavar="DIR")
    parser.add_argument("--labels", required=True, metavar="DIR")
    parser.add_argument("--out", default="out/camvid", metavar="DIR")
    parser.add_argument("--rounds", type=int, default=10, metavar="N")
    parser.add_argument("--trust", action="store_true")
    parser.add_argument(
        "--json",
        metavar="FILE",
        help="default: propagation.json of the recorded results, trust.json "
        "with --trust",
    )
    options = parser.parse_args(arguments)
    name = "trust.json" if options.trust else "propagation.json"
    path = options.json or results_file(name)
    data_dir = pathlib.Path(options.out).resolve() / "data"
    print(build_data(DATA, data_dir, options.manual_dir))
    builder = prepared_builder(DATA, data_dir)
    sequences = read_sequences(builder, "validation")
    cv2.setNumThreads(1)
    labels = stored_labels(options.labels, sequences)
    systems = _trust_systems(labels) if options.trust else _systems(labels)
    intervals = TRUST_INTERVALS if options.trust else INTERVALS
    rows = _rows(
        systems, sequences, label_map_of(builder), options.rounds, intervals
    )
    if options.trust:
        _add_trust(rows, systems, sequences)
    print(format_rows(rows))
    report = {"machine": describe_machine("tensorflow", "keras"), "rows": rows}
    write_text(path, json.dumps(report, indent=1) + "\n")


def _systems(labels):
    """Name -> model, in its form for inference."""
    accel = default_model()
    reference = accel.reference_segmenter()
    update = accel.update_segmenter()
    dff = accel.without_update()
    systems = {"labels, frame by frame": labels}
    for flow in FLOWS:
        systems[f"labels, carried by {flow}"] = propagate(labels, flow)
    for flow in FEW_FLOWS:
        systems[f"labels, smoothed by {flow}"] = smooth(labels, flow)
    systems["labels, carried by dis:medium, smooth"] = propagate(
        labels, "dis:medium", smooth=0.7
    )
    systems["DeepLab, frame by frame"] = reference
    for flow in FLOWS:
        systems[f"DeepLab, carried by {flow}"] = propagate(reference, flow)
    for flow in FEW_FLOWS:
        systems[f"DeepLab, smoothed by {flow}"] = smooth(reference, flow)
    systems["DeepLab, carried by dis:medium, smooth"] = propagate(
        reference, "dis:medium", smooth=0.7
    )
    systems["DeepLab, carried by dis:medium, update"] = propagate(
        reference, "dis:medium", update
    )
    systems["Deep Feature Flow, own flow"] = dff
    systems["Accel, own flow"] = accel
    for flow in FEW_FLOWS:
        systems[f"Deep Feature Flow, {flow}"] = with_flow(dff, flow)
        systems[f"Accel, {flow}"] = with_flow(accel, flow)
    return {name: fuse_for_inference(x) for name, x in systems.items()}


def _trust_systems(labels):
    """Name -> model, in its form for inference."""
    systems = {}
    update = _labels_of(default_model().reference_segmenter())
    for trust in TRUSTS:
        systems[f"{CARRIED}, {trust}"] = propagate(labels, "dis", trust=trust)
        systems[f"labels, smoothed, {trust}"] = smooth(
            labels, "dis", trust=trust
        )
        systems[f"labels, update, {trust}"] = propagate(
            labels, "dis", update, trust=trust
        )
    return {name: fuse_for_inference(x) for name, x in systems.items()}


def _labels_of(model):
    """One whose scores are 0 and 1, as those of stored labels are."""
    stream = VideoStream(fuse_for_inference(model))
    return per_frame(
        lambda frames: stream(frames),
        label_map=model.label_map,
        output_stride=1,
        name="update",
    )


def _add_trust(rows, systems, sequences):
    for row in rows:
        if row["system"].startswith(CARRIED):
            row["trust_roc_area"] = trust_roc_area(
                systems[row["system"]], row["interval"], sequences
            )


def _rows(systems, sequences, label_map, rounds, intervals):
    runs = [
        (name, interval)
        for name, model in systems.items()
        for interval in (intervals if model.uses_key_frames else (1,))
        # With a key frame at every frame nothing is carried.
        if interval > 1 or not model.uses_key_frames
    ]
    with tqdm.tqdm(total=100, unit=" %") as bar:
        evaluations = evaluate_together(
            [(systems[name], interval) for name, interval in runs],
            sequences,
            "stream",
            "farneback",
            lambda share: bar.update(min(100 * share, 100 - bar.n)),
        )
    first = next(iter(sequences))
    frames = [first["frames"][index] for index in (0, 1)]
    times = measure_steps(systems, frames, rounds)
    height, width = frames[0].shape[:2]
    return [
        report_row(
            name,
            systems[name],
            evaluation,
            label_map.names,
            height,
            width,
            times[name],
        )
        for (name, _), evaluation in zip(runs, evaluations, strict=True)
    ]


if __name__ == "__main__":
    run(main)
