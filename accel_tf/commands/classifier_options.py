"""The options of clip classifiers that only these have."""

from accel_tf.commands import option_types


def add_options(add):
    """Adds them.

    Args:
        add: `add_argument` of a parser or group.
    """
    add(
        "--labels",
        metavar="FILE",
        help="names of the classes: a line for each, or JSON (default: those "
        "of a .keras file, or numbers)",
    )
    add(
        "--crop-size",
        type=option_types.count,
        metavar="PIXELS",
        help="side of the squares that the weights were trained on (default: "
        "224; a .keras file knows it)",
    )
    add(
        "--channel-order",
        choices=("rgb", "bgr"),
        help="that the weights were trained on (default: rgb; a .keras file "
        "knows it)",
    )


def add_frames(add):
    """Adds what a model is to tell of its clips, to a verb that stores it."""
    add(
        "--frames",
        type=option_types.clip,
        metavar="NxSTEP",
        help="frames of a clip and frames of a video of 30 per second from "
        "one to the next, which the export tells; N alone for clips spread "
        "over whole videos (default: as a .keras file says, or as published)",
    )


def given_options(arguments):
    """The keywords of `restore_classifier` for those that were given.

    Args:
        arguments: an `argparse.Namespace`.

    Raises:
        ValueError, OSError: one line, if the names cannot be read.
    """
    names = ("crop_size", "channel_order")
    given = {name: getattr(arguments, name) for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.labels is not None:
        from accel_tf.classification.names import read_class_names

        given["class_names"] = read_class_names(arguments.labels)
    return given


def given_frames(arguments):
    """The keywords of `restore_classifier` for the option of `add_frames`."""
    if arguments.frames is None:
        return {}
    frames, step = arguments.frames
    return {"frames": frames, "frame_step": step}
