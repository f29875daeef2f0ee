"""`accel-tf train`."""

import argparse

from accel_tf.commands import option_types

EXAMPLE = "my_data --ignore 255 --out out/my_model"


def add_options(parser):
    _add_data(parser.add_argument_group("data"))
    _add_training(parser.add_argument_group("training"))


def _add_data(group):
    add = group.add_argument
    add(
        "data",
        metavar="DATA",
        help="folder with images/NAME.jpg and masks/NAME.png, or CLIP/frames "
        "and CLIP/labels, or CLIP.mp4 and CLIP_labels/NUMBER.png, in train/ "
        "and validation/ or without; or a video, with --labels",
    )
    add(
        "--labels",
        metavar="DIR",
        help="label images of a video, called like the number of their frame",
    )
    add(
        "--classes",
        metavar="FILE",
        help="list of the classes, .txt, .csv or .json: names, with colours "
        "or values or without (default: classes.txt or the like in DATA)",
    )
    add(
        "--ignore",
        type=option_types.names,
        action="extend",
        default=[],
        metavar="VALUES",
        help="label values or names of classes that do not count, such as "
        "11,void; 255 never counts unless it is listed",
    )
    add(
        "--validation",
        type=_share_or_folder,
        metavar="SHARE|DIR",
        help="labelled frames to validate on: a share of them, 0 for none, or "
        "a folder like DATA (default: validation/ in DATA, or 0.2)",
    )
    add(
        "--motion",
        choices=("auto", "video", "stills"),
        default="auto",
        help="whether neighbouring images are frames of a video; the optical "
        "flow learns from stills under a simulated camera (default: auto, "
        "which looks how alike they are)",
    )
    add(
        "--first-frame",
        type=int,
        default=0,
        metavar="N",
        help="number of a video's first frame in the names of its label "
        "images (default: 0)",
    )
    add(
        "--width",
        type=option_types.count,
        default=640,
        metavar="PIXELS",
        help="of the frames, if they are wider (default: 640)",
    )


def _add_training(group):
    add = group.add_argument
    add(
        "--out",
        required=True,
        metavar="DIR",
        help="folder for everything; the same command goes on with what was "
        "stopped, and with more --steps with what was finished",
    )
    add(
        "--model",
        default="accel_tiny",
        metavar="NAME",
        help="preset (default: accel_tiny, which starts from the weights that "
        "come with accel-tf)",
    )
    add(
        "--reference",
        metavar="NAME",
        help="per-frame model that the reference starts from: a .keras file, "
        "a preset with weights or hub:NAME; with --set reference.steps=0 it "
        "stays as it is",
    )
    add(
        "--steps",
        type=option_types.count,
        metavar="N",
        help="updates of the reference; flow, update and fusion have 3/8, a "
        "half and a quarter (default: 200 to 2000, by the number of frames)",
    )
    add(
        "--batch-size",
        type=option_types.count,
        default=8,
        metavar="N",
        help="clips of an update (default: 8)",
    )
    add(
        "--crop",
        type=option_types.size,
        metavar="HxW",
        help="what an update sees of a frame (default: 240x320)",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.KEY=VALUE",
        help="changes a setting of reference, flow, update or fusion, such as "
        "reference.loss=cross_entropy+dice or flow.steps=0, which keeps the "
        "start; may be repeated",
    )


def run(arguments):
    from accel_tf.messages import hide_deprecations, tell
    from accel_tf.training.own_data import train_on_own_data
    from accel_tf.training.own_data_plan import Plan
    from accel_tf.training.own_data_set import OwnData

    hide_deprecations()
    own = OwnData(
        data=arguments.data,
        labels=arguments.labels,
        classes=arguments.classes,
        ignore=tuple(arguments.ignore),
        validation=arguments.validation,
        motion=arguments.motion,
        first_frame=arguments.first_frame,
        width=arguments.width,
    )
    plan = Plan(
        model=arguments.model,
        reference=arguments.reference,
        steps=arguments.steps,
        batch_size=arguments.batch_size,
        crop=arguments.crop,
        settings=tuple(arguments.set),
    )
    try:
        train_on_own_data(own, arguments.out, plan)
    except KeyboardInterrupt:
        tell("\nstopped; the same command goes on")
        raise


def _share_or_folder(text):
    try:
        share = float(text)
    except ValueError:
        return text
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no share; give 0 to below 1, or a folder"
        )
    return share
