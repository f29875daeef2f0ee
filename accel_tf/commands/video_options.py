"""Options about inputs and outputs: of `segment`, and those it shares."""

import argparse

from accel_tf.commands import option_types

_FULL = "full"
_FIELDS = (
    "frame_rate size stretch codec quality strict live start end stride alpha "
    "contours legend label_ids"
).split()


def add_options(parser):
    """Adds those of `accel-tf segment`.

    Args:
        parser: an `argparse.ArgumentParser`.
    """
    add_inputs(parser, "stream")
    _add_outputs(parser)
    _add_source(parser)
    _add_drawing(parser)


def add_inputs(parser, each):
    """Adds the videos.

    Args:
        parser: an `argparse.ArgumentParser`.
        each: what each of several gets, for the help.
    """
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="video file, folder or pattern of frames, folder of videos, "
        "image, URL (http, rtsp), - for the standard input, or index of a "
        f"camera; several get one {each} each",
    )


def _add_outputs(parser):
    add = parser.add_argument_group(
        "outputs, of which one is needed",
        "With several inputs or --output-dir, DIR and FILE of --labels, "
        "--save-scores and --json are folders that get an entry for each "
        "input. The exit status is 1 if one of several inputs failed, 3 if a "
        "stream or camera was lost, 130 after an interrupt; what was written "
        "before is kept.",
    ).add_argument
    add(
        "--output",
        metavar="FILE",
        help="video to write, such as .mp4 or .mkv; of an image also .png",
    )
    add(
        "--output-dir",
        metavar="DIR",
        help="folder for a video of each input, called like it",
    )
    add(
        "--labels",
        metavar="DIR",
        help="new folder for a palette PNG of every frame; classes.json there "
        "says what the values mean",
    )
    add(
        "--label-ids",
        choices=("cityscapes", "index"),
        help="what the PNGs hold (default: Cityscapes' ids if the classes are "
        "exactly its 19, else the number of the class)",
    )
    add(
        "--save-scores",
        metavar="DIR",
        help="new folder for the scores of every frame at the model's stride, "
        "float16 .npz, with their trust where the model knows it; scores.json "
        "there says how to read them",
    )
    add(
        "--json",
        metavar="FILE",
        help="for every frame its time, whether it is a key frame, "
        "milliseconds, share of each class, trust",
    )
    add_encoding(add)


def add_encoding(add):
    """Adds how a video is written."""
    add(
        "--codec",
        metavar="NAME",
        help="codec of the video: h264, hevc, vp9, av1 or mpeg4 (default: the "
        "usual one of the ending, mostly h264)",
    )
    add(
        "--quality",
        type=float,
        metavar="N",
        help="quality of the video, 0 to 100 (default: 70)",
    )


def _add_source(parser):
    add = parser.add_argument_group("input").add_argument
    add(
        "--size",
        type=_size,
        metavar="HxW",
        help="frames fit in there for the model, or full for their own size; "
        "the outputs keep the size of the input (default: the shorter side "
        "is that of the frames the model was trained on, if it is known)",
    )
    add(
        "--stretch",
        action="store_true",
        help="with --size: exactly that size, whatever the aspect",
    )
    add_range(add)
    add(
        "--stride",
        type=option_types.count,
        default=1,
        metavar="N",
        help="take only every so many frames",
    )
    add_reading(add, "repeat the labels of the one before")


def add_range(add):
    """Adds the time between which frames are taken."""
    add(
        "--start",
        type=option_types.seconds,
        default=0.0,
        metavar="TIME",
        help="where to begin, in seconds or MM:SS",
    )
    add(
        "--end",
        type=option_types.seconds,
        metavar="TIME",
        help="where to end, in seconds or MM:SS of the input",
    )


def add_reading(add, otherwise):
    """Adds how a source is read.

    Args:
        add: `add_argument` of a parser or group.
        otherwise: what is done at a damaged frame, for the help.
    """
    add(
        "--frame-rate",
        type=float,
        metavar="FPS",
        help="frames per second of folders, and of cameras and files that do "
        "not state it (default: 25)",
    )
    add(
        "--strict",
        action="store_true",
        help=f"stop at a frame that does not decode, rather than {otherwise}",
    )
    add(
        "--live",
        action="store_true",
        help="leave frames of a camera or stream out if the model is slower",
    )
    add(
        "--reconnect",
        type=option_types.seconds,
        metavar="SECONDS",
        help="how long a camera or stream that stopped is tried again "
        "(default: 60)",
    )


def _add_drawing(parser):
    add = parser.add_argument_group("drawing").add_argument
    add(
        "--alpha",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="how much the classes' colours cover, 0 to 1 (default: 0.5)",
    )
    add(
        "--contours",
        action="store_true",
        help="draw a line where classes meet",
    )
    add(
        "--legend",
        action="store_true",
        help="add a strip that names the colours",
    )


def given_options(arguments):
    """The `SegmentOptions` that were given.

    Args:
        arguments: an `argparse.Namespace` with the options of `add_options`.

    Raises:
        ValueError: one line, if they do not go together.
    """
    if arguments.stretch and arguments.size in (None, _FULL):
        raise ValueError("--stretch goes with --size HxW.")
    from accel_tf.segmentation.options import SegmentOptions

    given = {name: getattr(arguments, name) for name in _FIELDS}
    return SegmentOptions(reconnect_seconds=arguments.reconnect, **given)


def given_jobs(arguments):
    """The list of `Job` that was given.

    Args:
        arguments: as for `given_options`.

    Raises:
        ValueError, OSError: one line, as `make_jobs`.
    """
    from accel_tf.segmentation.inputs import expand_inputs, make_jobs

    return make_jobs(
        expand_inputs(arguments.inputs),
        arguments.output,
        arguments.output_dir,
        arguments.labels,
        arguments.save_scores,
        arguments.json,
    )


def _size(text):
    if text == _FULL:
        return text
    try:
        return option_types.size(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, or full") from error
