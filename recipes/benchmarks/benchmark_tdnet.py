"""Times TDNet beside the original PyTorch code, frame by frame.

    git clone https://github.com/feinanshan/TDNet ORIGINAL
    accel-tf recipe benchmark_tdnet --original ORIGINAL \\
        --out recipes/results/tdnet_speed.json

Needs PyTorch (`pip install "accel-tf[torch]"`). First both sides get the same
random weights and must agree about the labels of eight frames. Then every
system runs in a process of its own; in each round they take turns in a random
order, each fills its buffer with one frame per path and times the next four.
Takes about a minute a round on one core, and two before the first.
"""

import functools
import json
import os
import pathlib
import sys
import tempfile

from accel_tf.benchmark.devices import describe_machine
from accel_tf.benchmark.limits import MatrixProduct
from accel_tf.benchmark.spread import spread
from accel_tf.commands import option_types
from accel_tf.recipes.benchmarks.rounds import (
    add_options_beside_original,
    share_of_equal,
    summarize_beside_original,
    take_rounds,
)
from accel_tf.recipes.benchmarks.tdnet_systems import (
    FRAMES,
    NETWORKS,
    Original,
    Ours,
    start,
    testing_folder,
)
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import names_of

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


def main(arguments=None):
    """Measures, prints a table and writes a JSON file."""
    parser = make_parser(__file__, __doc__)
    parser.add_argument(
        "--original",
        type=pathlib.Path,
        required=True,
        help="checkout of github.com/feinanshan/TDNet",
    )
    parser.add_argument(
        "--models",
        type=names_of(NETWORKS),
        default="td4_psp18,psp_18",
        help=f"some of {','.join(NETWORKS)} (default: %(default)s)",
    )
    parser.add_argument(
        "--forms",
        type=names_of(FORMS),
        default=",".join(FORMS),
        help="of accel-tf's models: plain, fused or both",
    )
    parser.add_argument(
        "--size",
        type=option_types.size,
        default="512x1024",
        help="HxW (default: %(default)s)",
    )
    add_options_beside_original(parser, 10, "frames", 4)
    options = parser.parse_args(arguments)
    testing_folder(options.original)

    from accel_tf.files import write_text
    from accel_tf.optional import require
    from accel_tf.recipes.common.original_tables import format_tdnet_speed

    require("torch", "torch")
    results = measure(options)
    print(format_tdnet_speed(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


# === Measuring ===


def measure(options):
    """Everything: the same weights, agreement of labels, rounds."""
    results = {
        "machine": describe_machine("tensorflow", "keras", "torch"),
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
    questions = {
        "limit": functools.partial(limit.ask, "billions_per_second"),
        **{
            key: functools.partial(worker.ask, "time_frames", options.frames)
            for key, worker in workers.items()
        },
    }
    rounds = take_rounds(questions, options.rounds, options.seed)
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


summarize = functools.partial(summarize_beside_original, unit="frame")


if __name__ == "__main__":
    run(main)
