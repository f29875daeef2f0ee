"""`accel-tf plan`."""

import argparse

from accel_tf.commands import option_types
from accel_tf.commands.keywords import keywords
from accel_tf.runtimes.choices import ALL_PRECISIONS, PRECISIONS

EXAMPLE = "drive.mp4 --fps 25"

_FULL = "full"
_TRAINED = "trained"


def add_options(parser):
    add = parser.add_argument
    add(
        "video",
        metavar="VIDEO",
        help="video file, or folder or pattern of frames, such as will be "
        "segmented",
    )
    add(
        "--fps",
        type=_above_zero,
        required=True,
        metavar="RATE",
        help="frames per second that are to be reached",
    )
    add(
        "--models",
        type=_names,
        metavar="NAME,NAME",
        help="each as --model of segment takes it; NAME=FILE brings weights "
        "(NAME=FILE=FILE several, NAME=random none), and +FLOW at the end "
        "propagates a per-frame one (default: those for streets whose weights "
        "are at hand)",
    )
    add(
        "--runtimes",
        type=_names,
        metavar="NAME,NAME",
        help=f"tensorflow, {', '.join(PRECISIONS)} (default: those installed)",
    )
    add(
        "--precisions",
        type=_names,
        default=("float32",),
        metavar="NAME,NAME",
        help=f"of {', '.join(ALL_PRECISIONS)}; bfloat16 pays on processors "
        "that have instructions for it; int8 is calibrated on the video, which "
        "takes a minute or more (default: float32)",
    )
    add(
        "--sizes",
        type=_sizes,
        metavar="HxW,HxW",
        help="frames fit in there for the model; full for the video's own, "
        "trained for the scale of the training (default: trained, and two "
        "smaller ones if that does not reach the rate)",
    )
    add(
        "--intervals",
        type=_intervals,
        default=(1, 2, 5, 10),
        metavar="N,N",
        help="frames from one key frame to the next (default: 1,2,5,10)",
    )
    _add_measure(parser)
    add(
        "--threads",
        type=option_types.count,
        metavar="N",
        help="of the processor, in other runtimes than tensorflow (default: "
        "as the runtime chooses)",
    )
    add(
        "--margin",
        type=float,
        default=0.1,
        metavar="SHARE",
        help="of the rate that is to be spare (default: 0.1)",
    )
    add(
        "--seconds",
        type=_above_zero,
        default=180.0,
        metavar="N",
        help="that it may take, about (default: 180)",
    )
    add("--json", metavar="FILE", help="write all that was measured there")
    add(
        "--plot",
        metavar="FILE",
        help="draw labels against time there, a .png",
    )


def _add_measure(parser):
    group = parser.add_argument_group(
        "what labels are compared with",
        "By default with those of the candidate with the most operations, "
        "run on every frame.",
    )
    add = group.add_argument
    add(
        "--reference",
        metavar="NAME",
        help="a model, as in --models, that is run on every frame of some "
        "windows of the video",
    )
    add(
        "--data",
        metavar="BUILDER[/CONFIG]",
        help="a data set with labels, built before with `accel-tf build-data`",
    )
    add("--data-dir", metavar="DIR", help="folder of the built data sets")
    add("--split", default="validation", help="default: validation")


def run(arguments):
    from accel_tf.planning.planner import plan_video

    found = plan_video(**keywords(arguments))
    return 0 if found["recommended"] else 1


def _names(text):
    names = option_types.names(text)
    if not names:
        raise argparse.ArgumentTypeError(
            f"{text!r} are no names with a comma between each two"
        )
    return tuple(dict.fromkeys(names))


def _sizes(text):
    return [
        {_FULL: _FULL, _TRAINED: None}[name]
        if name in (_FULL, _TRAINED)
        else option_types.size(name)
        for name in _names(text)
    ]


def _intervals(text):
    return tuple(map(option_types.count, _names(text)))


def _above_zero(text):
    value = option_types.number(
        text, float, 0, float("inf"), "give a number above 0, such as 25"
    )
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(
            f"{text!r}: give a number above 0, such as 25"
        )
    return value
