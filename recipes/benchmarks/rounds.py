"""Measurements that take turns, so that a slow minute is everybody's."""

import random
import statistics
import sys

from accel_tf.benchmark.spread import spread
from accel_tf.recipes.common.option_types import at_least, file_to_write


def add_options_beside_original(parser, rounds, timed, count):
    """Options of what is timed beside PyTorch code.

    Args:
        parser: to which they are added.
        rounds: how many by default.
        timed: what is timed, such as `"frames"`.
        count: how many of them a round by default.
    """
    for name, default, meaning in (
        ("rounds", rounds, ""),
        (timed, count, "timed in each round "),
        (
            "threads",
            1,
            "of each system; with 1 processor time says what it costs ",
        ),
    ):
        parser.add_argument(
            f"--{name}",
            type=at_least(1),
            default=default,
            help=f"{meaning}(default: %(default)s)",
        )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=file_to_write, help="JSON file; without it only a table"
    )


def take_rounds(questions, rounds, seed=0, title=""):
    """Asks everybody once a round, each time in another random order.

    Args:
        questions: dict of name -> function without arguments.
        rounds: how many.
        seed: of the order.
        title: of the messages about how far it is.

    Returns:
        list of dicts of name -> answer, one for each round.
    """
    order = random.Random(seed)
    answers = []
    for number in range(rounds):
        print(f"{title}round {number + 1} of {rounds}", file=sys.stderr)
        turns = order.sample(list(questions), len(questions))
        answers.append({name: questions[name]() for name in turns})
    return answers


def in_milliseconds(measurements):
    """What a file of results says of a stage that was measured repeatedly.

    Args:
        measurements: list of `(processor, wall)` milliseconds.
    """
    processor, wall = zip(*measurements, strict=True)
    return {"processor": spread(processor, 3), "wall": spread(wall, 3)}


def times_as_fast(originals, others):
    """How much faster one code is than another, round by round.

    Args:
        originals, others: seconds of either, a number for each round.
    """
    ratios = [
        original / other
        for original, other in zip(originals, others, strict=True)
    ]
    return spread(ratios, 3)


def share_of_equal(labels, others):
    """The share of the pixels that are equal, over all frames."""
    return float((labels == others).mean())


def summarize_beside_original(rounds, name, form, multiply_adds, unit):
    """Times of one system, and its ratios to others of the same round.

    Args:
        rounds: list of dicts: `(name, form)` -> wall and processor seconds
            of each unit; `"limit"` -> what the machine could do in that
            round, billions of operations a processor second.
        name, form: of the system.
        multiply_adds: of a unit.
        unit: what is timed: `"frame"` or `"clip"`.

    Returns:
        dict, for JSON.
    """
    wall, processor, means, originals, shares = [], [], [], [], []
    for answers in rounds:
        own_wall, own = answers[name, form]
        wall += own_wall
        processor += own
        mean = statistics.mean(own)
        means.append(mean)
        originals.append(statistics.mean(answers[name, "original"][1]))
        shares.append(2 * multiply_adds / 1e9 / mean / answers["limit"])
    return {
        f"wall_seconds_per_{unit}": spread(wall),
        f"processor_seconds_per_{unit}": spread(processor),
        "times_as_fast_as_the_original": times_as_fast(originals, means),
        "share_of_limit": round(statistics.median(shares), 3),
    }
