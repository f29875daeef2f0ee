"""Times TDNet beside the original PyTorch code, frame by frame.

    git clone https://github.com/feinanshan/TDNet ORIGINAL
    python recipes/benchmark_tdnet.py --original ORIGINAL \\
        --out recipes/results/tdnet_speed.json

Needs PyTorch (`pip install "accel-tf[torch]"`). First both sides get the same
random weights and must agree about the labels of eight frames. Then every
system runs in a process of its own; in each round they take turns in a random
order, each fills its buffer with one frame per path and times the next four.
Takes about a minute a round on one core, and two before the first.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile

from benchmark_options import (
    check_folder_of,
    check_numbers,
    read_names,
    read_size,
)
from tdnet_systems import (
    FRAMES,
    NETWORKS,
    Original,
    Ours,
    start,
    testing_folder,
)

from accel_tf.benchmark.limits import MatrixProduct
from accel_tf.benchmark.spread import spread

# The measuring processes import this file too, and that of the original is
# to be without TensorFlow: what needs it is imported inside functions.

FORMS = ("plain", "fused")
INCLUDED = {
    "plain": "uint8 frame to uint8 labels: normalisation, network, "
    "up-sampling, argmax",
    "fused": "as plain",
    "original": "normalised float32 tensor to int64 labels: network, "
    "up-sampling, max(1)[1]; the normalisation is done beforehand",
}


def main(argv=None):
    """Measures, prints a table and writes a JSON file."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--original",
        type=pathlib.Path,
        required=True,
        help="checkout of github.com/feinanshan/TDNet",
    )
    parser.add_argument(
        "--models",
        default="td4_psp18,psp_18",
        help=f"some of {','.join(NETWORKS)} (default: %(default)s)",
    )
    parser.add_argument(
        "--forms",
        default=",".join(FORMS),
        help="of accel-tf's models: plain, fused or both",
    )
    parser.add_argument(
        "--size", default="512x1024", help="HxW (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=10, help="(default: %(default)s)"
    )
    parser.add_argument(
        "--frames",
        type=int,
        default=4,
        help="timed in each round (default: %(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="of each system; with 1 processor time says what it costs "
        "(default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=pathlib.Path, help="JSON file; without it only a table"
    )
    options = parser.parse_args(argv)
    options.models = read_names("--models", options.models, NETWORKS)
    options.forms = read_names("--forms", options.forms, FORMS)
    options.size = read_size(options.size)
    check_numbers(options, rounds=1, frames=1, threads=1)
    testing_folder(options.original)
    check_folder_of(options.out)

    from result_tables import format_tdnet_speed

    from accel_tf.files import write_text
    from accel_tf.optional import require

    require("torch", "torch")
    results = measure(options)
    print(format_tdnet_speed(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


# === Measuring ===


def measure(options):
    """Everything: the same weights, agreement of labels, rounds."""
    from machine import describe_machine

    results = {
        "machine": {
            **describe_machine(),
            "torch": importlib.metadata.version("torch"),
        },
        "size": "{}x{}".format(*options.size),
        "threads": options.threads,
        "rounds": options.rounds,
        "frames_per_round": options.frames,
        "load_average_before": round(os.getloadavg()[0], 2),
        "included": INCLUDED,
    }
    workers, costs, agreement = {}, {}, {}
    for name in options.models:
        print(f"{name}: comparing labels", file=sys.stderr)
        forms = start_forms(name, options)
        workers |= {(name, form): worker for form, worker in forms.items()}
        costs[name] = forms[options.forms[0]].ask("multiply_adds")
        labels = {f: w.ask("first_labels", FRAMES) for f, w in forms.items()}
        for form in forms:
            agreement[name, form] = share_of_equal(
                labels[form], labels["original"]
            )
    limit = start(MatrixProduct, threads=options.threads)
    tasks = {
        "limit": (limit, "billions_per_second"),
        **{
            key: (w, "time_frames", options.frames)
            for key, w in workers.items()
        },
    }
    rounds = []
    order = random.Random(options.seed)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        turns = order.sample(list(tasks), len(tasks))
        answers = {key: tasks[key][0].ask(*tasks[key][1:]) for key in turns}
        rounds.append(answers)
    results["limit"] = spread([answers["limit"] for answers in rounds])
    results["rows"] = [
        {
            "model": name,
            "form": form,
            "multiply_adds_per_frame": costs[name],
            "equal_labels": agreement[name, form],
            **summarize(rounds, name, form, costs[name]),
        }
        for name, form in workers
    ]
    return results


def start_forms(name, options):
    """The workers of a network, with the same weights: form -> worker."""
    folder = testing_folder(options.original.resolve())
    common = options.size, options.threads
    original = start(
        Original, name, folder, *common, options.seed, threads=options.threads
    )
    with tempfile.TemporaryDirectory() as temporary:
        checkpoint = str(pathlib.Path(temporary) / f"{name}.pkl")
        original.ask("save", checkpoint)
        ours = {
            form: start(
                Ours, name, form, checkpoint, *common, threads=options.threads
            )
            for form in options.forms
        }
    return {**ours, "original": original}


def share_of_equal(labels, others):
    """Of the pixels, over all frames."""
    return float((labels == others).mean())


def summarize(rounds, name, form, multiply_adds):
    """Times of one system, and its ratios to others of the same round.

    Args:
        rounds: list of dicts: `(name, form)` -> wall and processor seconds
            of each frame; `"limit"` -> what the machine could do in that
            round, billions of operations a processor second.
        name, form: of the system.
        multiply_adds: of a frame.
    """
    wall, processor, faster, shares = [], [], [], []
    for answers in rounds:
        own_wall, own = answers[name, form]
        wall += own_wall
        processor += own
        mean = statistics.mean(own)
        original = statistics.mean(answers[name, "original"][1])
        faster.append(original / mean)
        shares.append(2 * multiply_adds / 1e9 / mean / answers["limit"])
    return {
        "wall_seconds_per_frame": spread(wall),
        "processor_seconds_per_frame": spread(processor),
        "times_as_fast_as_the_original": {
            "median": round(statistics.median(faster), 3),
            "lowest": round(min(faster), 3),
            "highest": round(max(faster), 3),
        },
        "share_of_limit": round(statistics.median(shares), 3),
    }


if __name__ == "__main__":
    from command_line import run

    run(main)
