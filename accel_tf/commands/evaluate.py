"""`accel-tf evaluate`; its options are also those of `recipes/evaluate.py`."""

import argparse
import contextlib
import functools
import os

from accel_tf.commands import (
    fleet_options,
    form_options,
    keyframe_options,
    model_options,
    option_types,
)
from accel_tf.evaluation.choices import ESTIMATORS, MODES
from accel_tf.evaluation.plan import check_mode

EXAMPLE = (
    "--model accel_18 --weights accel-18-0000.params "
    "--data cityscapes_sequences/half_window20 --data-dir data "
    "--intervals 1,5 --json accel_18.json"
)

# What scores do not depend on.
_NO_SETTINGS = ("name", "rounds", "json", "plots")

_KEYFRAMES = (keyframe_options.FIXED, keyframe_options.ADAPTIVE, "both")


def add_options(parser):
    # The data set says how many classes there are.
    model_options.add_model(parser)
    model_options.add_weights(parser)
    parser.add_argument(
        "--name",
        metavar="TEXT",
        help="of the system in tables and plots (default: that of --model)",
    )
    add_data_options(parser)
    fleet_options.add_options(parser, fleet_options.OF_SEQUENCES)


def run(arguments):
    fleet_options.check_options(arguments)
    given = given_data_options(arguments)
    from accel_tf.evaluation.systems import evaluate_systems

    on_fleet = None
    if arguments.cluster is not None:
        on_fleet = functools.partial(_evaluate_on_fleet, arguments)
    evaluate_systems(_systems(arguments), **given, on_fleet=on_fleet)
    if on_fleet is not None and arguments.json:
        os.remove(_place_of_record(arguments))


def _systems(arguments):
    name = arguments.name or arguments.model or "accel_tf"
    return {name: (arguments.model, arguments.weights)}


def _evaluate_on_fleet(arguments, runs, sequences, *given):
    """Evaluates in the place of `evaluate_together`."""
    from accel_tf.fleet.evaluation import evaluate_on_pool

    make_worker = functools.partial(
        make_worker_of, fleet_options.for_workers(arguments)
    )
    retries = fleet_options.given_retries(arguments)
    make_pool = fleet_options.given_pool(arguments)
    with (
        _record(arguments, sequences) as record,
        make_pool(make_worker) as pool,
    ):
        return evaluate_on_pool(pool, retries, record, runs, sequences, *given)


def _place_of_record(arguments):
    return f"{os.path.abspath(arguments.json)}.fleet.jsonl"


def _record(arguments, sequences):
    """What is scored, until the report is written; `None` without one."""
    if not arguments.json:
        return contextlib.nullcontext()
    from accel_tf.fleet.manifest import Manifest

    settings = fleet_options.settings_of(
        arguments, _NO_SETTINGS, sequences=len(sequences)
    )
    return Manifest(
        _place_of_record(arguments),
        settings,
        mixes_versions=None,
        elsewhere="another file to --json",
    )


def make_worker_of(arguments):
    """The `EvaluationWorker` for an `argparse.Namespace`."""
    given = given_data_options(arguments)
    from accel_tf.evaluation.systems import (
        open_data,
        restore_systems,
        runs_of,
    )
    from accel_tf.fleet.evaluation import EvaluationWorker

    names = ("data", "data_dir", "split", "limit")
    sequences, label_map, _ = open_data(*(given[name] for name in names))
    models = restore_systems(
        _systems(arguments), label_map, sequences, given["prepare"]
    )
    runs = runs_of(models, given["intervals"], given.get("policies", ()))
    return EvaluationWorker(
        [(models[name], interval) for name, interval in runs],
        sequences,
        given["mode"],
        given["temporal"],
        given["steady"],
    )


def add_data_options(parser):
    """Adds what to evaluate on, how, and where to write it.

    Args:
        parser: an `argparse.ArgumentParser`.
    """
    add = parser.add_argument
    add(
        "--data",
        required=True,
        metavar="BUILDER[/CONFIG]",
        help="data set, built before with `accel-tf build-data`",
    )
    add("--data-dir", metavar="DIR", help="folder of the built data sets")
    add("--split", default="validation", help="default: validation")
    add(
        "--intervals",
        type=_intervals,
        metavar="N,N",
        help="frames from one key frame to the next (default: 1,2,5,10)",
    )
    add(
        "--keyframes",
        choices=_KEYFRAMES,
        default=keyframe_options.FIXED,
        help="fixed: at the --intervals; adaptive: --key-shares of them, "
        "where the scene changes most, with --mode stream; both: side by side "
        "(default: fixed)",
    )
    add(
        "--key-shares",
        "--key-share",
        type=_shares,
        metavar="S,S",
        help="with --keyframes adaptive or both: shares of key frames among "
        "all, on average (default: 0.1,0.2,0.33)",
    )
    keyframe_options.add_steady(parser)
    add(
        "--mode",
        choices=MODES,
        default="average",
        help="; ".join(f"{mode}: {text}" for mode, text in MODES.items())
        + " (default: average)",
    )
    add(
        "--temporal",
        nargs="?",
        const="dis",
        choices=tuple(ESTIMATORS),
        help="also measure temporal consistency along OpenCV's optical flow; "
        "needs --mode stream. "
        + "; ".join(f"{name}: {text}" for name, text in ESTIMATORS.items())
        + " (default: dis)",
    )
    add(
        "--limit",
        type=int,
        metavar="N",
        help="only the first N sequences",
    )
    add(
        "--rounds",
        type=int,
        default=10,
        metavar="N",
        help="key and non-key frames that are timed (default: 10; 0: none)",
    )
    add("--json", metavar="FILE", help="also write the numbers to this file")
    add(
        "--plots",
        metavar="DIR",
        help="also write iou_against_distance.png and, if frames are timed, "
        "accuracy_against_time.png into this folder",
    )
    form_options.add_options(parser)


def given_data_options(arguments):
    """The keywords of `evaluate_systems` from what a parser has read.

    Args:
        arguments: an `argparse.Namespace` with the options of
            `add_data_options`.

    Returns:
        dict.

    Raises:
        ValueError, OSError, ImportError: one line, if they do not go
            together.
    """
    is_adaptive = arguments.keyframes != keyframe_options.FIXED
    steady = arguments.steady or False
    check_mode(arguments.mode, arguments.temporal, is_adaptive, steady)
    names = ("data", "data_dir", "split", "mode", "temporal")
    names += ("limit", "rounds", "json", "plots")
    given = {name: getattr(arguments, name) for name in names}
    return {
        **given,
        **_given_keyframes(arguments),
        "steady": steady,
        "prepare": form_options.given_form(arguments),
    }


def _given_keyframes(arguments):
    """Intervals and policies."""
    intervals = arguments.intervals or (1, 2, 5, 10)
    if arguments.keyframes == keyframe_options.FIXED:
        if arguments.key_shares:
            raise ValueError(
                "--key-shares goes with --keyframes adaptive or both."
            )
        return {"intervals": intervals}
    if arguments.keyframes == keyframe_options.ADAPTIVE:
        if arguments.intervals:
            raise ValueError(
                "--intervals goes with --keyframes fixed or both; give "
                "--key-shares with adaptive."
            )
        intervals = ()
    from accel_tf.streaming import AdaptiveKeyframes

    shares = arguments.key_shares or (0.1, 0.2, 0.33)
    policies = [AdaptiveKeyframes(share) for share in shares]
    return {"intervals": intervals, "policies": policies}


def _shares(text):
    return tuple(option_types.share(part) for part in text.split(","))


def _intervals(text):
    try:
        intervals = [int(part) for part in text.split(",")]
    except ValueError:
        intervals = [0]
    if min(intervals) < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} are no intervals; give whole numbers from 1, such as "
            "1,2,5,10"
        )
    return tuple(intervals)
