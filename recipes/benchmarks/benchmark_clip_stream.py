"""Measures clip classifiers on a live video: cost of a frame, and agreement.

    accel-tf recipe benchmark_clip_stream speed \\
        --out recipes/results/clip_stream.json
    accel-tf recipe benchmark_clip_stream agreement --model gestures.keras \\
        --causal gestures_causal.keras --videos GESTURES --step 4 \\
        --out recipes/results/clip_stream.json

`speed` takes presets with random weights, fused: a whole clip beside a new
frame in each mode of `accel_tf.ClipStream`, in turns in a random order. On one
core it takes a minute to compile each model, then seconds a round.

`agreement` takes a trained classifier, and a causal one if there is one, and
compares each mode with the whole clip of the last frames, frame by frame: of
a folder of videos that are called as the classes, or of drawn motion
(`--videos motion`), where each clip comes at once after another.

A file that exists keeps what was not measured anew.
"""

import functools
import json
import os
import pathlib

from accel_tf.commands import option_types
from accel_tf.recipes.benchmarks.frames import time_part
from accel_tf.recipes.benchmarks.rounds import in_milliseconds, take_rounds
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import at_least, file_to_write

# What measures needs TensorFlow, which takes seconds to import: not for a
# mistake in the options.


def main(arguments=None):
    """Measures, prints tables and writes a JSON file."""
    options = read_options(arguments)
    from accel_tf.files import write_text
    from accel_tf.recipes.common.speed_tables import format_clip_stream

    results = {}
    if options.out is not None and options.out.exists():
        results = json.loads(options.out.read_text())
    if options.what == "speed":
        results["speed"] = measure_speed(options)
    else:
        rows = results.setdefault("agreement", {})
        rows[options.title] = measure_agreement(options)
    print(format_clip_stream(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def read_options(arguments):
    """The command line, checked."""
    parser = make_parser(__file__, __doc__)
    parts = parser.add_subparsers(dest="what", required=True)
    add = parts.add_parser("speed").add_argument
    add("--models", default="vov3d_m,x3d_m", help="(default: %(default)s)")
    add("--size", type=option_types.size, default="112x112", help="HxW")
    add("--frames", type=at_least(2), default=16, help="(default: %(default)s)")
    add("--rounds", type=at_least(1), default=8, help="(default: %(default)s)")
    add("--out", type=file_to_write, help="JSON file; else only a table")
    add = parts.add_parser("agreement").add_argument
    add("--model", required=True, help=".keras file of a classifier")
    add("--causal", help="of one that was trained with causal=True")
    add("--videos", required=True, help="folder of videos, or motion")
    add("--step", type=float, default=1.0, help="frames between those used")
    add("--clips", type=at_least(1), default=64, help="of motion")
    add("--every", default="2,4", help="of windows (default: %(default)s)")
    add("--title", required=True, help="of the rows in the table")
    add("--out", type=file_to_write, help="JSON file; else only a table")
    return parser.parse_args(arguments)


# === Speed ===


def measure_speed(options):
    """Rows of `format_clip_stream`, and what they were measured on."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from accel_tf.benchmark.devices import describe_machine

    load = os.getloadavg()[0]
    ways = {}
    for name in options.models.split(","):
        ways |= ways_of(name, options)
    for way in ways.values():
        way()  # compiles it
    rounds = take_rounds(
        {
            key: functools.partial(time_part, way, 1)
            for key, way in ways.items()
        },
        options.rounds,
    )
    return {
        "machine": describe_machine("tensorflow", "keras"),
        "load_average_before": round(load, 1),
        "size": "{}x{}x{}".format(options.frames, *options.size),
        "rounds": options.rounds,
        "rows": [
            {
                "model": name,
                "way": way,
                "milliseconds": in_milliseconds(
                    [each[name, way] for each in rounds]
                ),
            }
            for name, way in ways
        ],
    }


def ways_of(name, options):
    """`(preset, way)` -> a function that takes a frame, or a whole clip."""
    import numpy as np
    import tensorflow as tf

    import accel_tf
    from accel_tf.ops.kernels import kernels_for
    from accel_tf.streaming import clip_steps

    make = functools.partial(
        accel_tf.from_preset,
        name,
        num_classes=174,
        frames=options.frames,
        crop_size=min(options.size),
    )
    model = accel_tf.fuse_for_inference(make())
    causal = accel_tf.fuse_for_inference(make(causal=True))
    rng = np.random.default_rng(0)
    shape = (1, options.frames, *options.size, 3)
    clip = tf.constant(rng.integers(0, 256, shape, np.uint8))

    @tf.function(autograph=False)
    def whole(clip):
        with kernels_for("tensorflow"):
            return model.probabilities(clip)

    return {
        (name, "clip"): lambda: whole(clip).numpy(),
        (name, "window"): moving(clip_steps.WindowStep(model), clip),
        (name, "causal"): moving(clip_steps.CausalStep(causal), clip),
    }


def moving(steps, clip):
    """A function that takes the next frame, as once the window is full."""
    from accel_tf.streaming.compiled_clip_step import compile_clip_step

    program = compile_clip_step(steps)
    frame = clip[:, 0]
    kind = steps.kind(clip.shape[1] - 1)
    state = steps.initial_state(*frame.shape[:3])

    def take():
        nonlocal state
        probabilities, state = program(frame, state, kind)
        return probabilities.numpy()

    return take


# === Agreement ===


def measure_agreement(options):
    """Rows: how each mode decides, frame by frame."""
    from accel_tf.models.restore_classifier import restore_classifier
    from accel_tf.recipes.benchmarks.clip_agreement import (
        compare_modes,
        drawn_motion,
        read_videos,
    )

    model, _ = restore_classifier(options.model)
    causal = None
    if options.causal is not None:
        causal, _ = restore_classifier(options.causal)
    if options.videos == "motion":
        streams = drawn_motion(model, options.clips)
    else:
        streams = read_videos(model, pathlib.Path(options.videos), options.step)
    every = [int(count) for count in options.every.split(",")]
    return compare_modes(model, causal, streams, every)


if __name__ == "__main__":
    run(main)
