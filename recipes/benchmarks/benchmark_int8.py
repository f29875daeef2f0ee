"""Measures what int8 saves, and how many labels it keeps.

    accel-tf recipe benchmark_int8 --calibrate HIGHWAY --video DASHCAM \\
        --out recipes/results/int8_agreement.json

Each model runs in each runtime in float32, in int8 as it comes, and in int8
with a stated agreement. It is calibrated on three groups of ten frames of one
video, and labels are compared on those and on the first frames of another.
Systems take turns, and processor time is counted: with one thread it says what
a frame costs.
"""

import json
import os
import time

from accel_tf.commands import option_types
from accel_tf.recipes.benchmarks.rounds import take_rounds
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import at_least, file_to_write

EXACT, AS_IT_COMES = "float32", "int8"


def main(arguments=None):
    """Measures, prints a table and writes a JSON file."""
    options = read_options(arguments)
    from accel_tf.benchmark.devices import describe_machine
    from accel_tf.files import write_text
    from accel_tf.recipes.common.int8_tables import format_int8

    load = os.getloadavg()[0]
    rows = []
    for model in options.models:
        for runtime in options.runtimes:
            rows += measure(model, runtime, options)
    results = {
        "machine": describe_machine("openvino", "onnxruntime", "nncf"),
        "load_average_before": round(load, 1),
        "size": "{}x{}".format(*options.size),
        "interval": options.interval,
        "threads": options.threads,
        "rounds": options.rounds,
        "rows": rows,
    }
    print(format_int8(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def read_options(arguments):
    """The command line, checked."""
    parser = make_parser(__file__, __doc__)
    add = parser.add_argument
    add("--calibrate", required=True, metavar="VIDEO", help="for the ranges")
    add("--video", required=True, help="another one, to compare on")
    add(
        "--models",
        type=option_types.names,
        default="accel_tiny",
        metavar="NAME,NAME=FILE",
        help="presets, with their weights where those of the package are not "
        "meant (default: %(default)s)",
    )
    add(
        "--runtimes",
        type=option_types.names,
        default="openvino,onnxruntime",
        help="(default: %(default)s)",
    )
    add(
        "--agreements",
        type=_shares,
        default="0.99,0.995",
        metavar="S,S",
        help="that are asked for (default: %(default)s)",
    )
    add("--size", type=option_types.size, default="360x640", help="HxW")
    add("--interval", type=at_least(2), default=5)
    add("--frames", type=at_least(10), default=50, help="to compare on")
    add("--threads", type=at_least(1), default=1, help="of each system")
    add("--rounds", type=at_least(1), default=8)
    add("--out", type=file_to_write, help="JSON file; else only a table")
    return parser.parse_args(arguments)


def measure(model, runtime, options):
    """Rows of `format_int8` of one model in one runtime."""
    from accel_tf.models.fuse import fuse_for_inference
    from accel_tf.recipes.benchmarks.frames import read_frames
    from accel_tf.runtimes.export import calibration_frames
    from accel_tf.runtimes.restore import restore_segmenter

    name, *weights = model.split("=")
    segmenter = fuse_for_inference(restore_segmenter(name, weights)[0])
    calibration = calibration_frames("int8", options.calibrate)
    others = read_frames(options.video, options.size, options.frames)
    systems, rows = {}, []
    for way in (EXACT, AS_IT_COMES, *options.agreements):
        converted, row = convert(segmenter, runtime, way, calibration, options)
        if converted is not None:
            systems[way] = stream = Timed(converted, others, options)
            row["labels"] = stream.labels
        rows.append({"model": name, "runtime": runtime, "way": way, **row})
    rounds = take_rounds(
        {way: timed.milliseconds for way, timed in systems.items()},
        options.rounds,
        title=f"{name} in {runtime}, ",
    )
    exact = rows[0].pop("labels")
    for row in rows[1:]:
        if "labels" in row:
            equal = row.pop("labels") == exact
            row["agreement_on_others"] = float(equal.mean())
    for row in rows:
        if row["way"] in systems:
            row["rounds"] = [answers[row["way"]] for answers in rounds]
    return rows


def convert(segmenter, runtime, way, frames, options):
    """`(RuntimeSegmenter, row)`; `None` where an agreement is out of reach."""
    from accel_tf.runtimes import to_runtime

    reports, keywords = [], {}
    if way != EXACT:
        keywords = {
            "calibration_frames": frames,
            "interval": options.interval,
            "on_report": reports.append,
        }
    if way not in (EXACT, AS_IT_COMES):
        keywords["min_agreement"] = way
    wall, processor = time.perf_counter(), time.process_time()
    precision = "float32" if way == EXACT else "int8"
    converted = to_runtime(
        segmenter, runtime, precision, threads=options.threads, **keywords
    )
    row = {}
    try:
        converted.programs(*options.size).all_programs()
    except ValueError as error:
        converted, row["error"] = None, str(error)
    row["wall_seconds"] = round(time.perf_counter() - wall, 1)
    row["processor_seconds"] = round(time.process_time() - processor, 1)
    if reports:
        row["report"] = reports[0].to_dict()
    return converted, row


class Timed:
    """A stream whose labels are kept once, and which is timed then.

    Args:
        model: `RuntimeSegmenter`.
        frames: uint8 `[H, W, 3]`.
        options: with `interval`.

    Attributes:
        labels: of all frames.
    """

    def __init__(self, model, frames, options):
        import numpy as np

        import accel_tf

        policy = accel_tf.FixedInterval(options.interval)
        self._stream = accel_tf.VideoStream(model, policy)
        self._frames = frames[: options.interval]
        self.labels = np.stack([self._stream(each[None])[0] for each in frames])

    def milliseconds(self):
        """Of processor time: `[key, mean of the others]` of an interval."""
        self._stream.reset_state()
        times = []
        for frame in self._frames:
            start = time.process_time()
            self._stream(frame[None])
            times.append(1000 * (time.process_time() - start))
        key, *others = times
        return [key, sum(others) / len(others)]


def _shares(text):
    return [float(part) for part in option_types.names(text)]


if __name__ == "__main__":
    run(main)
