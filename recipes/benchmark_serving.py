"""Measures what the embedded server costs beside the model that it serves.

    python recipes/benchmark_serving.py --out recipes/results/serving.json

Exports a preset, by default with random weights, serves it in this process and
streams frames to it over loopback; and times every part of the way by itself,
and the model alone. In each round all of them take turns in a random order.
With accel_18 at 512x1024 it takes about a minute before the first round and
fifteen seconds a round on one core.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time

from benchmark_options import check_folder_of, check_numbers, read_size

# The measuring parts need TensorFlow, which takes seconds to import: not for
# a mistake in the options.

DRAWN_SIZE = (512, 1024)
CONDITIONS = (
    "Milliseconds of processor time of all threads, which other programs "
    "disturb less than the clock: before the start the load average was "
    "{load:.1f}. Client and server are one process; the model has {threads} "
    "thread(s)."
)


def main(argv=None):
    """Measures, prints a table and writes a JSON file."""
    options = read_options(argv)
    from result_tables import format_serving

    from accel_tf.files import write_text

    results = measure(options)
    print(format_serving(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def read_options(argv):
    """The command line, checked."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    add("--size", default="512x1024", help="HxW (default: %(default)s)")
    add("--interval", type=int, default=5, help="(default: %(default)s)")
    add("--rounds", type=int, default=8, help="(default: %(default)s)")
    add("--threads", type=int, default=1, help="(default: %(default)s)")
    add("--seed", type=int, default=0)
    add(
        "--frames",
        metavar="INPUT",
        help="folder of images or video file; by default drawn streets",
    )
    add("--out", type=pathlib.Path, help="JSON file; else only a table")
    options = parser.parse_args(argv)
    options.size = read_size(options.size, least=16)
    check_numbers(options, interval=2, rounds=1, threads=1)
    check_folder_of(options.out)
    return options


def read_frames(source, size, count):
    """`count` frames, uint8 `[H, W, 3]`, enlarged or reduced to `size`."""
    import itertools

    from accel_tf import optional
    from accel_tf.data import streets

    cv2 = optional.cv2()
    if source is None:
        scenes = streets.street_sequence(0, *DRAWN_SIZE, count)
        images = [scene.image for scene in scenes]
    else:
        from accel_tf.video import open_video

        with open_video(source) as video:
            images = list(itertools.islice(video, count))
        if not images:
            raise ValueError(f"{source} has no frames")
    # Again from the start, if there are too few.
    images = list(itertools.islice(itertools.cycle(images), count))
    return [
        cv2.resize(image, size[::-1], interpolation=cv2.INTER_CUBIC)
        for image in images
    ]


def measure(options):
    """Everything, as `format_serving` takes it."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    import keras
    from machine import describe_machine
    from serving_parts import Model, ServedModel, make_parts

    from accel_tf.models.restore import RANDOM, restore_model
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
    times = {}
    print("warming up", file=sys.stderr)
    for once in ways.values():
        time_frames(once, frames[:3])
    parts, sizes, close = make_parts(frames[0], served, alone.state)
    for function, _ in parts.values():
        function()
    order = random.Random(options.seed)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for name in order.sample([*parts, *ways], len(parts) + len(ways)):
            if name in ways:
                key, following = time_frames(ways[name], frames)
                times.setdefault(f"{name}, key frame", []).append(key)
                name = f"{name}, other frames"
                times.setdefault(name, []).extend(following)
            else:
                times.setdefault(name, []).append(time_part(*parts[name]))
    close()
    served.close()
    return {
        "machine": describe_machine(),
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
            name: {
                "processor": spread([each[0] for each in values]),
                "wall": spread([each[1] for each in values]),
            }
            for name, values in times.items()
        },
    }


def time_part(function, repeats):
    """`(processor, wall)` milliseconds of one call."""
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        function()
    processor = time.process_time() - processor
    wall = time.perf_counter() - wall
    return 1000 * processor / repeats, 1000 * wall / repeats


def time_frames(once, frames):
    """Times of a key frame, and of each that follows."""
    times = [
        time_part(lambda frame=frame, at=at: once(frame, at == 0), 1)
        for at, frame in enumerate(frames)
    ]
    return times[0], times[1:]


def spread(values):
    """Median and least."""
    return {
        "median": round(statistics.median(values), 3),
        "lowest": round(min(values), 3),
    }


if __name__ == "__main__":
    from command_line import run

    run(main)
