"""`accel-tf distill-edge`."""

import argparse
import sys

from accel_tf.commands import model_options, option_types

EXAMPLE = (
    "drive.mp4 --server ws://127.0.0.1:8700 --model deeplab_mobilenet_v2 "
    "--weights student.weights.h5 --output out.mp4"
)


def add_options(parser):
    add = parser.add_argument
    add(
        "video",
        metavar="VIDEO",
        help="video file, folder or pattern of frames, URL (http, rtsp), or "
        "index of a camera",
    )
    add(
        "--server",
        required=True,
        metavar="URL",
        help="of the distill-server: ws://HOST:PORT or wss://HOST:PORT",
    )
    model_options.add_model(parser)
    model_options.add_num_classes(parser)
    model_options.add_weights(parser)
    add(
        "--output",
        metavar="FILE",
        help="video to write with the classes laid over, such as .mp4",
    )
    add(
        "--labels",
        metavar="DIR",
        help="new folder for a palette PNG of every frame",
    )
    add(
        "--json",
        metavar="FILE",
        help="report: frames, updates with their size, age and delay, bytes "
        "and kbit/s in each direction, digest of the last weights",
    )
    add(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="X",
        help="seconds of video in a second, or max for as many as go "
        "(default: 1)",
    )
    add(
        "--uplink",
        choices=("h264", "jpeg"),
        default="h264",
        help="how frames are sent (default: h264)",
    )
    add(
        "--edge-id",
        type=_name,
        metavar="NAME",
        help="by which the server knows this edge again; each needs its own "
        "(default: a new one)",
    )
    add(
        "--token-file",
        metavar="FILE",
        help="text that the server asks for (default: the variable "
        "ACCEL_TF_TOKEN of the environment, if there is one)",
    )
    add(
        "--ca",
        metavar="FILE",
        help="certificates to trust, in PEM, for a wss:// server with one of "
        "its own",
    )


def run(arguments):
    from accel_tf.distill.edge import run_edge
    from accel_tf.messages import tell
    from accel_tf.models.restore import restore_model

    model, message = restore_model(
        arguments.model, arguments.weights, arguments.num_classes
    )
    tell(message)
    report = run_edge(
        model,
        arguments.video,
        arguments.server,
        output=arguments.output,
        labels=arguments.labels,
        json_path=arguments.json,
        speed=arguments.speed,
        token_file=arguments.token_file,
        ca=arguments.ca,
        uplink=arguments.uplink,
        edge_id=arguments.edge_id,
    )
    print(_summary(report))


def _summary(report):
    text = f"{report['frames']} frames, {report['updates']} updates"
    if report["kbps_up"] is not None:
        text += (
            f"; {report['kbps_up']:.0f} kbit/s up, "
            f"{report['kbps_down']:.0f} kbit/s down"
        )
    if report["refusal"]:
        text += f"; the server refused it in the end: {report['refusal']}"
    return f"{text}."


def _speed(text):
    if text == "max":
        return None
    hint = "give a number above 0, such as 1.0, or max"
    return option_types.number(text, float, sys.float_info.min, 1000, hint)


def _name(text):
    plain = text.replace("-", "").replace("_", "")
    if not (plain.isascii() and plain.isalnum() and len(text) <= 64):
        raise argparse.ArgumentTypeError(
            f"{text!r}: give letters, digits, - and _, 64 at most"
        )
    return text
