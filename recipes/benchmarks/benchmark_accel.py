"""Times Accel beside the original MXNet code, frame by frame.

    git clone https://github.com/SamvitJ/Accel ORIGINAL
    python3.8 -m venv MXNET
    MXNET/bin/pip install mxnet==1.9.1 numpy==1.23.5
    accel-tf recipe benchmark_accel --original ORIGINAL \\
        --original-python MXNET/bin/python \\
        --out recipes/results/accel_speed.json

Both sides get the same random weights and a clip of a drawn street that
begins with a key frame; first their labels of it are compared. Every system
runs in a process of its own; in each round they take turns in a random order,
each runs both its networks once and then goes through the clip.
On one core it takes about half a minute a round and system, and two minutes
before the first round. Conversion for OpenVINO takes some minutes more and
10 GB of memory, all processes of a system together about as much.
"""

import contextlib
import functools
import importlib.metadata
import json
import os
import pathlib
import statistics
import sys
import tempfile

import numpy as np

from accel_tf.benchmark.devices import describe_machine
from accel_tf.benchmark.spread import spread
from accel_tf.commands import option_types
from accel_tf.recipes.benchmarks.accel_systems import (
    FORMS,
    RUNTIMES,
    SYSTEMS,
    Converter,
    OriginalWorker,
    Ours,
    check_original,
    draw_clips,
    read_runtime,
    start,
)
from accel_tf.recipes.benchmarks.rounds import (
    share_of_equal,
    take_rounds,
    times_as_fast,
)
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import (
    at_least,
    file_to_write,
    names_of,
)

# The measuring processes import this file too: what needs TensorFlow is
# imported inside functions.

OURS = (
    "uint8 frame to uint8 labels: subtraction of the mean, networks, "
    "up-sampling, argmax, copy to numpy"
)
ORIGINAL = (
    "as timed in its demo: float32 tensor without the mean, made beforehand, "
    "to float32 labels: networks, up-sampling, argmax, copy to numpy"
)
# Of a model without key frames, in each round.
PER_FRAME_CLIP = 2


def main(arguments=None):
    """Measures, prints a table and writes a JSON file."""
    options = read_options(arguments)
    check_original(options.original, options.original_python)
    for code in options.codes:
        if code not in FORMS:
            from accel_tf.runtimes.convert import check_runtime

            check_runtime(*read_runtime(code))

    from accel_tf.files import write_text
    from accel_tf.recipes.common.original_tables import format_accel_speed

    for results in measure(options):
        # A system at a time: the next one may run out of memory.
        if options.out is not None:
            write_text(options.out, json.dumps(results, indent=1) + "\n")
    print(format_accel_speed(results))


def read_options(arguments):
    """The command line; `codes` are what is timed of accel-tf."""
    parser = make_parser(__file__, __doc__)
    parser.add_argument(
        "--original",
        type=pathlib.Path,
        required=True,
        help="checkout of github.com/SamvitJ/Accel",
    )
    parser.add_argument(
        "--original-python",
        required=True,
        metavar="PYTHON",
        help="interpreter with mxnet==1.9.1 and numpy==1.23.5",
    )
    parser.add_argument(
        "--systems",
        type=names_of(SYSTEMS),
        default="accel_18",
        help=f"some of {','.join(SYSTEMS)} (default: %(default)s)",
    )
    parser.add_argument(
        "--runtimes",
        type=names_of(RUNTIMES),
        default="tensorflow",
        help=f"some of {','.join(RUNTIMES)} (default: %(default)s)",
    )
    parser.add_argument(
        "--forms",
        type=names_of(FORMS),
        default="plain,fused",
        help=f"of the models on TensorFlow, some of {','.join(FORMS)} "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--size",
        type=option_types.size,
        default="512x1024",
        help="HxW (default: %(default)s)",
    )
    for name, least, default, meaning in (
        ("interval", 2, 5, "between key frames, and frames of the clip"),
        ("rounds", 1, 4, "measurements of every system"),
        ("threads", 1, 1, "of each; with 1 processor time says what it costs"),
        ("seed", 0, 0, "of the weights, the clip and the turns"),
    ):
        parser.add_argument(
            f"--{name}",
            type=at_least(least),
            default=default,
            help=f"{meaning} (default: %(default)s)",
        )
    parser.add_argument(
        "--out", type=file_to_write, help="JSON file; without it only a table"
    )
    options = parser.parse_args(arguments)
    options.codes = [x for x in options.runtimes if x != "tensorflow"]
    if "tensorflow" in options.runtimes:
        options.codes = options.forms + options.codes
    return options


# === Measuring ===


def measure(options):
    """Goes through the systems; yields the results up to each of them."""
    results = {
        "machine": describe_machine("tensorflow", "keras"),
        "size": "{}x{}".format(*options.size),
        "threads": options.threads,
        "rounds": options.rounds,
        "interval": options.interval,
        "load_average_before": round(os.getloadavg()[0], 2),
        "included": {"accel-tf": OURS, "original": ORIGINAL},
        "rows": [],
    }
    for code in options.codes:
        if code not in FORMS:
            package, _ = read_runtime(code)
            version = importlib.metadata.version(package)
            results["machine"][package] = version
    for name in options.systems:
        with contextlib.ExitStack() as stack:
            workers = start_workers(name, options, stack)
            results["machine"] |= workers["original"].ask("versions")
            results["rows"] += measure_system(name, workers, options)
        results["load_average_after"] = round(os.getloadavg()[0], 2)
        yield results


def start_workers(name, options, stack):
    """The processes of a system, with the same weights: code -> worker.

    Args:
        name: of the system.
        options: of the command line.
        stack: `contextlib.ExitStack` that closes them.
    """
    print(f"{name}: starting", file=sys.stderr)
    folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
    count = clip_length(name, options)
    clips = draw_clips(folder, options.size, count, options.seed)
    original = OriginalWorker(
        options.original_python,
        options.original.resolve(),
        name,
        clips[0],
        options.threads,
        options.seed,
        folder,
    )
    stack.callback(original.close)
    checkpoint = str(folder / f"{name}.params")
    original.ask("save", checkpoint)
    # All that are converted first: that takes most memory.
    sources = {
        code: checkpoint
        if code in FORMS
        else convert(name, code, checkpoint, clips[1], options)
        for code in options.codes
    }
    workers = {}
    for code, source in sources.items():
        workers[code] = start(
            Ours, name, code, source, clips[0], threads=options.threads
        )
        stack.callback(workers[code].close)
    return {**workers, "original": original}


def convert(name, code, checkpoint, clip, options):
    """Makes a model for another runtime; returns its folder."""
    print(f"{name}: converting for {code}", file=sys.stderr)
    folder = str(pathlib.Path(checkpoint).with_name(code.replace(":", "_")))
    converter = start(
        Converter, name, code, checkpoint, clip, threads=options.threads
    )
    with contextlib.closing(converter):
        converter.ask("save", folder)
    return folder


def clip_length(name, options):
    """Frames of the clip of a system."""
    return options.interval if SYSTEMS[name].scores else PER_FRAME_CLIP


def measure_system(name, workers, options):
    """The rows of a system.

    Args:
        name: of the system.
        workers: code -> worker; all of them go through the same clip.
        options: of the command line.
    """
    count = clip_length(name, options)
    print(f"{name}: comparing labels", file=sys.stderr)
    labels = {c: w.ask("clip_labels", count) for c, w in workers.items()}
    if len(np.unique(labels["original"])) < 2:
        raise ValueError(
            f"{name}: with --seed {options.seed} the original sees one class "
            "everywhere, so labels can't be compared; try another seed"
        )
    questions = {
        code: functools.partial(worker.ask, "time_clip", count)
        for code, worker in workers.items()
    }
    rounds = take_rounds(
        questions, options.rounds, options.seed, title=f"{name}: "
    )
    return [
        {
            "system": name,
            "code": code,
            "frame": kind,
            "equal_labels": share_of_equal(
                labels[code][frames], labels["original"][frames]
            ),
            **summarize(rounds, code, frames),
        }
        for code in workers
        for kind, frames in frames_of_kinds(name, count).items()
    ]


def frames_of_kinds(name, count):
    """Which frames of the clip of a system a row is about: kind -> list."""
    everything = list(range(count))
    if not SYSTEMS[name].scores:
        return {"key": everything}
    return {"key": [0], "non-key": everything[1:], "all": everything}


def summarize(rounds, code, frames):
    """Times of some frames, and their ratios to the original's.

    Args:
        rounds: list of dicts: code -> wall and processor seconds of each
            frame of the clip.
        code: of which.
        frames: indices in the clip. The times are means over them: those of
            a whole clip are of a stream with that interval.
    """

    def means(code, clock):
        return [
            statistics.mean(answers[code][clock][frame] for frame in frames)
            for answers in rounds
        ]

    wall, processor = means(code, 0), means(code, 1)
    return {
        "wall_seconds_per_frame": spread(wall),
        "processor_seconds_per_frame": spread(processor),
        "times_as_fast_as_the_original": times_as_fast(
            means("original", 1), processor
        ),
    }


if __name__ == "__main__":
    run(main)
