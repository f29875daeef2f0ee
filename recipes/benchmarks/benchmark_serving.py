"""Measures what the embedded server costs beside the model that it serves.

    accel-tf recipe benchmark_serving --out recipes/results/serving.json

Exports a preset, by default with random weights, serves it in this process and
streams frames to it over loopback; and times every part of the way by itself,
and the model alone. In each round all of them take turns in a random order.
With accel_18 at 512x1024 it takes about a minute before the first round and
fifteen seconds a round on one core.
"""

import functools
import itertools
import json
import os
import pathlib
import sys
import tempfile

from accel_tf.commands import option_types
from accel_tf.recipes.benchmarks.frames import read_frames, time_part
from accel_tf.recipes.benchmarks.rounds import in_milliseconds, take_rounds
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import at_least, file_to_write

# The measuring parts need TensorFlow, which takes seconds to import: not for
# a mistake in the options.

CONDITIONS = (
    "Milliseconds of processor time of all threads, which other programs "
    "disturb less than the clock: before the start the load average was "
    "{load:.1f}. Client and server are one process; the model has {threads} "
    "thread(s)."
)


def main(arguments=None):
    """Measures, prints a table and writes a JSON file."""
    options = read_options(arguments)
    from accel_tf.files import write_text
    from accel_tf.recipes.common.speed_tables import format_serving

    results = measure(options)
    print(format_serving(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def read_options(arguments):
    """The command line, checked."""
    parser = make_parser(__file__, __doc__)
    add = parser.add_argument
    add("--model", default="accel_18", help="preset (default: %(default)s)")
    add(
        "--weights",
        nargs="*",
        default=[],
        metavar="FILE",
        help="by default random ones",
    )
    add("--num-classes", type=int, help="(default: the model's, or 19)")
    add(
        "--size",
        type=functools.partial(option_types.size, least=16),
        default="512x1024",
        help="HxW (default: %(default)s)",
    )
    for name, least, default in (
        ("interval", 2, 5),
        ("rounds", 1, 8),
        ("threads", 1, 1),
    ):
        add(
            f"--{name}",
            type=at_least(least),
            default=default,
            help="(default: %(default)s)",
        )
    add("--seed", type=int, default=0)
    add(
        "--frames",
        metavar="INPUT",
        help="folder of images or video file; by default drawn streets",
    )
    add("--out", type=file_to_write, help="JSON file; else only a table")
    return parser.parse_args(arguments)


def measure(options):
    """Everything, as `format_serving` takes it."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    import keras

    from accel_tf.benchmark.devices import describe_machine
    from accel_tf.models.restore import RANDOM, restore_model
    from accel_tf.recipes.benchmarks.serving_parts import (
        Model,
        ServedModel,
        make_parts,
    )
    from accel_tf.serving.export import export_saved_model

    load = os.getloadavg()[0]
    keras.utils.set_random_seed(options.seed)
    model, message = restore_model(
        options.model, options.weights or [RANDOM], options.num_classes
    )
    print(message, file=sys.stderr)
    if not model.uses_key_frames:
        raise ValueError(f"{options.model} has no key frames to tell apart")
    frames = read_frames(options.frames, options.size, options.interval)
    with tempfile.TemporaryDirectory() as folder:
        print("exporting", file=sys.stderr)
        export_saved_model(
            model, folder, options.interval, warm_up_size=options.size
        )
        served = ServedModel(pathlib.Path(folder), options.threads)
    alone = Model(model)
    ways = {
        "model": alone.once,
        "end to end": lambda frame, is_key: served.stream(frame, is_key),
    }
    print("warming up", file=sys.stderr)
    for once in ways.values():
        time_frames(once, frames[:3])
    parts, sizes, close = make_parts(frames[0], served, alone.state)
    for function, _ in parts.values():
        function()
    rounds = take_rounds(
        {
            **{
                name: functools.partial(time_part, *part)
                for name, part in parts.items()
            },
            **{
                name: functools.partial(time_frames, once, frames)
                for name, once in ways.items()
            },
        },
        options.rounds,
        options.seed,
    )
    times = {name: [each[name] for each in rounds] for name in parts}
    for name in ways:
        keys, others = zip(*(each[name] for each in rounds), strict=True)
        times[f"{name}, key frame"] = keys
        times[f"{name}, other frames"] = list(itertools.chain(*others))
    close()
    served.close()
    return {
        "machine": describe_machine("tensorflow", "keras"),
        "conditions": CONDITIONS.format(load=load, threads=options.threads),
        "model": options.model,
        "weights": "given" if options.weights else "random",
        "size": "{}x{}".format(*options.size),
        "frames": "given" if options.frames else "drawn streets",
        "interval": options.interval,
        "rounds": options.rounds,
        **sizes,
        "parts": list(parts),
        "milliseconds": {
            name: in_milliseconds(values) for name, values in times.items()
        },
    }


def time_frames(once, frames):
    """Times of a key frame, and of each that follows."""
    times = [
        time_part(lambda frame=frame, at=at: once(frame, at == 0), 1)
        for at, frame in enumerate(frames)
    ]
    return times[0], times[1:]


if __name__ == "__main__":
    run(main)
