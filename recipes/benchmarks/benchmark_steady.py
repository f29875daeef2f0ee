"""Measures steady streams: the time of every frame, and what they cost.

    accel-tf recipe benchmark_steady speed --video DASHCAM \\
        --out recipes/results/steady.json
    accel-tf recipe benchmark_steady accuracy --trained out/camvid \\
        --out recipes/results/steady.json

`speed` runs a video through a plain stream and through a steady one, each in a
process of its own, in turns. Both may use all threads of the machine, or, with
`--threads`, so many for an operation: with half of them the deep network and
the stream beside it do not get into each other's way.

`accuracy` scores Accel and a carried DeepLab on CamVid's dense `val` video, at
each delay; DIR has their files from `compare_on_camvid --out DIR`.

A file that exists keeps what was not measured anew.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

from accel_tf.commands import option_types
from accel_tf.recipes.benchmarks.frames import read_frames
from accel_tf.recipes.benchmarks.rounds import take_rounds
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import at_least, file_to_write

CAMVID = "camvid_sequences/segnet_480x360"
WAYS = ("plain", "steady")


def main(arguments=None):
    """Measures, prints tables and writes a JSON file."""
    options = read_options(arguments)
    if options.what == "one":
        print(json.dumps(time_stream(options)))
        return
    from accel_tf.files import write_text
    from accel_tf.recipes.common.steady_tables import format_steady

    results = {}
    if options.out is not None and options.out.exists():
        results = json.loads(options.out.read_text())
    measure = measure_speed if options.what == "speed" else measure_accuracy
    results[options.what] = measure(options)
    print(format_steady(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def read_options(arguments):
    """The command line, checked."""
    parser = make_parser(__file__, __doc__)
    parts = parser.add_subparsers(dest="what", required=True)
    for what in ("speed", "one"):
        add = parts.add_parser(what).add_argument
        add("--video", help="whose frames are taken; drawn ones by default")
        add("--size", type=option_types.size, default="512x1024", help="HxW")
        add("--interval", type=at_least(2), default=5)
        add("--frames", type=at_least(20), default=61, help="of each stream")
        add("--threads", type=at_least(1), help="for an operation")
        if what == "one":
            add("--model")
            add("--steady", action="store_true")
            continue
        add("--models", default="accel_18,dff_101", help="(%(default)s)")
        add("--rounds", type=at_least(1), default=3)
        add("--out", type=file_to_write, help="JSON file; else only a table")
    add = parts.add_parser("accuracy").add_argument
    add("--trained", required=True, type=pathlib.Path, metavar="DIR")
    add("--intervals", default="5,10", help="(default: %(default)s)")
    add("--limit", type=at_least(1), help="only so many sequences")
    add("--out", type=file_to_write, help="JSON file; else only a table")
    return parser.parse_args(arguments)


# === Speed ===


def measure_speed(options):
    """Rows of `format_steady`, and what they were measured on."""
    from accel_tf.benchmark.devices import describe_machine

    load = os.getloadavg()[0]
    questions = {
        (model, way): lambda model=model, way=way: ask(options, model, way)
        for model in options.models.split(",")
        for way in WAYS
    }
    rounds = take_rounds(questions, options.rounds)
    return {
        "machine": describe_machine("tensorflow", "keras"),
        "load_average_before": round(load, 1),
        "size": "{}x{}".format(*options.size),
        "interval": options.interval,
        "threads": options.threads,
        "rows": [
            {
                "model": model,
                "way": way,
                "rounds": [answers[model, way] for answers in rounds],
            }
            for model, way in questions
        ],
    }


def ask(options, model, way):
    """What `time_stream` gives in a process of its own."""
    command = [sys.executable, "-m", "accel_tf.recipes.benchmarks"]
    command[-1] += ".benchmark_steady"
    command += ["one", "--model", model, "--interval", str(options.interval)]
    command += ["--size", "{}x{}".format(*options.size)]
    command += ["--frames", str(options.frames)]
    if options.video:
        command += ["--video", options.video]
    if options.threads:
        command += ["--threads", str(options.threads)]
    if way == "steady":
        command.append("--steady")
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def time_stream(options):
    """Milliseconds of the frames of one stream.

    Those of the first two intervals, which compile programs, are left out.

    Returns:
        dict: `milliseconds` of each frame, and `busy`, whether the deep
        network was at work on another frame when it was done.
    """
    import tensorflow as tf

    if options.threads:
        tf.config.threading.set_intra_op_parallelism_threads(options.threads)
        tf.config.threading.set_inter_op_parallelism_threads(2)
    import accel_tf

    model = accel_tf.fuse_for_inference(accel_tf.from_preset(options.model, 19))
    policy = accel_tf.FixedInterval(options.interval)
    stream = accel_tf.VideoStream(model, policy, steady=options.steady)
    frames = read_frames(options.video, options.size, options.frames)
    milliseconds, busy = [], []
    for frame in frames:
        start = time.perf_counter()
        stream(frame[None])
        milliseconds.append(round(1000 * (time.perf_counter() - start), 1))
        busy.append(stream.is_busy)
    first = 2 * options.interval + 1
    return {"milliseconds": milliseconds[first:], "busy": busy[first:]}


# === Accuracy ===


def measure_accuracy(options):
    """Rows of `accel_tf.evaluation.report`."""
    from accel_tf import fuse_for_inference, propagate
    from accel_tf.data.builders import prepared_builder
    from accel_tf.data.sequences import read_sequences
    from accel_tf.evaluation import evaluate_together
    from accel_tf.evaluation.report import report_row
    from accel_tf.models.accel import Accel
    from accel_tf.models.keras_files import load_keras_model

    builder = prepared_builder(CAMVID, options.trained / "data")
    sequences = read_sequences(builder, "validation", options.limit)
    file = options.trained / "train_other_drives/accel/accel_tiny.keras"
    accel = load_keras_model(file, Accel)
    carried = propagate(accel.reference_segmenter(), "dis")
    models = {"Accel": accel, "DeepLab, carried by dis": carried}
    models = {key: fuse_for_inference(model) for key, model in models.items()}
    runs = [
        (name, interval)
        for name in models
        for interval in map(int, options.intervals.split(","))
    ]
    pairs = [(models[name], interval) for name, interval in runs]
    rows = []
    for steady in (False, 2, 4, True):
        found = evaluate_together(pairs, sequences, "stream", steady=steady)
        for (name, _), each in zip(runs, found, strict=True):
            model = models[name]
            names = model.label_map.names
            rows.append(report_row(name, model, each, names, 360, 480))
    return {"data": builder.info.full_name, "rows": rows}


if __name__ == "__main__":
    run(main)
