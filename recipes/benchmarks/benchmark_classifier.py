"""Times clip classifiers beside the original PyTorch code, clip by clip.

    git clone https://github.com/youngwanLEE/VoV3D ORIGINAL
    accel-tf recipe benchmark_classifier --original ORIGINAL \\
        --out recipes/results/benchmark_classifier.json

Needs PyTorch and fvcore (`pip install torch fvcore`); what else the original
imports is not used. Both sides get the same random weights and must agree
about the probabilities of a clip of 16x224x224. Then every system runs in a
process of its own; in each round they take turns in a random order, each
classifies one clip to warm up and times the next ones. Takes half a minute a
round on one core, and two minutes before the first.
"""

import functools
import json
import os
import pathlib
import sys
import tempfile

import numpy as np

from accel_tf.benchmark.devices import describe_machine
from accel_tf.benchmark.limits import MatrixProduct
from accel_tf.benchmark.spread import spread
from accel_tf.recipes.benchmarks.classifier_systems import (
    FRAMES,
    NETWORKS,
    SIDE,
    Original,
    Ours,
    checked_original,
    start,
)
from accel_tf.recipes.benchmarks.rounds import (
    add_options_beside_original,
    summarize_beside_original,
    take_rounds,
)
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import names_of

# The measuring processes import this file too, and that of the original is
# to be without TensorFlow: what needs it is imported inside functions.

FORMS = ("plain", "fused", "openvino", "onnxruntime", "litert")
INCLUDED = {
    "ours": "uint8 clip to probabilities: normalisation, network, softmax",
    "original": "normalised float32 tensor to probabilities; the "
    "normalisation is done beforehand",
}


def main(arguments=None):
    """Measures, prints a table and writes a JSON file."""
    parser = make_parser(__file__, __doc__)
    parser.add_argument(
        "--original",
        type=pathlib.Path,
        required=True,
        help="checkout of github.com/youngwanLEE/VoV3D",
    )
    parser.add_argument(
        "--models",
        type=names_of(NETWORKS),
        default="vov3d_m,x3d_m",
        help=f"some of {','.join(NETWORKS)} (default: %(default)s)",
    )
    parser.add_argument(
        "--forms",
        type=names_of(FORMS),
        default="fused,plain",
        help=f"some of {','.join(FORMS)}; the runtimes take the fused form "
        "(default: %(default)s)",
    )
    add_options_beside_original(parser, 8, "clips", 3)
    options = parser.parse_args(arguments)
    options.original = checked_original(options.original)

    from accel_tf.files import write_text
    from accel_tf.optional import require
    from accel_tf.recipes.common.original_tables import (
        format_classifier_speed,
    )

    require("torch", "torch")
    results = measure(options)
    print(format_classifier_speed(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


# === Measuring ===


def measure(options):
    """Everything: the same weights, agreement, rounds."""
    results = {
        "machine": describe_machine(
            "tensorflow", "keras", "torch", "openvino", "onnxruntime"
        ),
        "clip": f"{FRAMES}x{SIDE}x{SIDE}",
        "threads": options.threads,
        "rounds": options.rounds,
        "clips_per_round": options.clips,
        "load_average_before": round(os.getloadavg()[0], 2),
        "included": INCLUDED,
    }
    workers, costs, differences = {}, {}, {}
    for name in options.models:
        print(f"{name}: comparing probabilities", file=sys.stderr)
        forms = start_forms(name, options)
        workers |= {(name, form): worker for form, worker in forms.items()}
        costs[name] = forms[options.forms[0]].ask("multiply_adds")
        shares = {f: w.ask("probabilities") for f, w in forms.items()}
        for form in forms:
            differences[name, form] = largest_difference(
                shares[form], shares["original"]
            )
    limit = start(MatrixProduct, threads=options.threads)
    questions = {
        "limit": functools.partial(limit.ask, "billions_per_second"),
        **{
            key: functools.partial(worker.ask, "time_clips", options.clips)
            for key, worker in workers.items()
        },
    }
    rounds = take_rounds(questions, options.rounds, options.seed)
    results["load_average_after"] = round(os.getloadavg()[0], 2)
    results["limit"] = spread([answers["limit"] for answers in rounds])
    results["rows"] = [
        {
            "model": name,
            "form": form,
            "multiply_adds_per_clip": costs[name],
            "largest_difference": differences[name, form],
            **summarize(rounds, name, form, costs[name]),
        }
        for name, form in workers
    ]
    return results


def start_forms(name, options):
    """The workers of a network, with the same weights: form -> worker."""
    original = start(
        Original,
        name,
        options.original,
        options.threads,
        options.seed,
        threads=options.threads,
    )
    with tempfile.TemporaryDirectory() as temporary:
        checkpoint = str(pathlib.Path(temporary) / f"{name}.pyth")
        original.ask("save", checkpoint)
        ours = {
            form: start(
                Ours,
                name,
                form,
                checkpoint,
                options.threads,
                threads=options.threads,
            )
            for form in options.forms
        }
    return {**ours, "original": original}


def largest_difference(probabilities, others):
    """Of the logarithms: small probabilities count as much as large ones."""
    return float(np.abs(np.log(probabilities) - np.log(others)).max())


summarize = functools.partial(summarize_beside_original, unit="clip")


if __name__ == "__main__":
    run(main)
