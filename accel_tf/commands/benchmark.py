"""`accel-tf benchmark`; its options are also those of its recipe."""

import argparse
import functools

from accel_tf.benchmark.choices import DEVICES, FORMS, RUNTIMES
from accel_tf.commands import option_types
from accel_tf.commands.keywords import keywords

EXAMPLE = "--models deeplab_101,accel_18 --size 512x1024"

_RUNTIMES = "; ".join(
    f"{name}: {', '.join(precisions)}" for name, precisions in RUNTIMES.items()
)


def add_options(parser, **defaults):
    """Adds what to time, how, and where to write it.

    Args:
        parser: an `argparse.ArgumentParser`.
        **defaults: of options, other than those given here; with one for
            `models` that option may be left out.
    """
    add = parser.add_argument
    add(
        "--models",
        type=_names,
        required="models" not in defaults,
        metavar="NAME,NAME",
        help="presets, timed side by side; `accel-tf models` lists them, and "
        "hub:NAME is one of KerasHub's; +FLOW at the end of a per-frame one "
        "propagates it, as --propagate of segment does",
    )
    add(
        "--size",
        type=functools.partial(option_types.size, least=16),
        default=(512, 1024),
        metavar="HxW",
        help="of a frame in pixels (default: 512x1024)",
    )
    add(
        "--clip",
        type=_clip,
        default=(16, 224, 224),
        metavar="TxHxW",
        help="frames of a clip and their size, for classifiers (default: "
        "16x224x224)",
    )
    add(
        "--interval",
        type=option_types.count,
        default=5,
        metavar="N",
        help="frames from one key frame to the next (default: 5)",
    )
    add(
        "--rounds",
        type=option_types.count,
        default=5,
        metavar="N",
        help="in which all take turns (default: 5)",
    )
    add(
        "--frames",
        type=option_types.count,
        metavar="N",
        help="timed of each system in a round (default: as --interval); of "
        "classifiers clips (default: 1)",
    )
    add(
        "--threads",
        type=option_types.count,
        default=1,
        metavar="N",
        help="of each system; with 1, processor time says what a frame costs "
        "even while other programs run (default: 1)",
    )
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument(
        "--forms",
        type=_names,
        default=("fused",),
        metavar="FORM,FORM",
        help=f"{' or '.join(FORMS)}, or both; fused has the same outputs with "
        "fewer operations (default: fused)",
    )
    forms.add_argument(
        "--exact-graph",
        action="store_const",
        const=("exact",),
        dest="forms",
        help="the same as --forms exact",
    )
    add(
        "--runtimes",
        type=_names,
        default=("tensorflow",),
        metavar="NAME[:PRECISION],...",
        help="what the models run in, and in which precision, the first "
        f"unless given. {_RUNTIMES} (default: tensorflow)",
    )
    add(
        "--batches",
        type=_counts,
        default=(1,),
        metavar="N,N",
        help="streams that share each step; a frame's time is its share of "
        "the step's (default: 1)",
    )
    add(
        "--device",
        choices=DEVICES,
        default="cpu",
        help="cpu compares processor time, gpu the clock (default: cpu)",
    )
    add(
        "--kernels",
        action="store_true",
        help="also time the warp against a memory copy, and deformable "
        "convolutions against a plain one",
    )
    add(
        "--profile",
        action="store_true",
        help="also time the parts of non-key frames one by one",
    )
    add("--json", metavar="FILE", help="also write the numbers to this file")
    parser.set_defaults(**defaults)


def run(arguments):
    from accel_tf.benchmark.compare import benchmark

    benchmark(**keywords(arguments))


def _names(text):
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(
            f"{text!r} are no names with a comma between each two"
        )
    return tuple(dict.fromkeys(names))


def _clip(text):
    frames, _, size = text.partition("x")
    try:
        return (option_types.count(frames), *option_types.size(size, 16))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no clip; give FRAMESxHEIGHTxWIDTH with sides of 16 "
            "or more, such as 16x224x224"
        ) from None


def _counts(text):
    return tuple(map(option_types.count, _names(text)))
