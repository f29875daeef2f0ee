"""`accel-tf distill-server`."""

import argparse

from accel_tf.commands import model_options, option_types

EXAMPLE = (
    "--model deeplab_mobilenet_v2 --weights student.weights.h5 --teacher "
    "deeplab_xception_65:teacher.weights.h5 --port 8700"
)
_STRATEGIES = ("gradient-guided", "random", "first", "last", "both", "full")


def add_options(parser):
    _add_models(parser.add_argument_group("student and teacher"))
    _add_learning(parser.add_argument_group("learning"))
    _add_server(parser.add_argument_group("server"))


def _add_models(group):
    model_options.add_model(group)
    model_options.add_num_classes(group)
    model_options.add_weights(group)
    group.add_argument(
        "--teacher",
        required=True,
        metavar="TEACHER",
        help="PRESET:FILE, a preset and its weights; a .keras, .onnx or "
        ".tflite file; or a folder of label PNGs whose names end in the "
        "number of their frame",
    )


def _add_learning(group):
    add = group.add_argument
    add(
        "--strategy",
        choices=_STRATEGIES,
        default="gradient-guided",
        help="which weights learn and are sent (default: gradient-guided)",
    )
    add(
        "--fraction",
        type=_share,
        default=0.05,
        metavar="SHARE",
        help="of the weights that are sent (default: 0.05)",
    )
    add(
        "--update-period",
        type=_positive_seconds,
        default=10.0,
        metavar="S",
        help="seconds of video between two updates (default: 10)",
    )
    add(
        "--adapt-period",
        action="store_true",
        help="let updates become rarer while the scene stands still",
    )
    add(
        "--rate",
        type=_rate,
        metavar="FPS",
        help="frames per second that edges send (default: 1 at first, then 0.1 "
        "to 1 by how much the scene changes)",
    )
    add(
        "--horizon",
        type=_positive_seconds,
        default=240.0,
        metavar="S",
        help="seconds of video that a student remembers (default: 240)",
    )
    add(
        "--iterations",
        type=option_types.count,
        default=20,
        metavar="N",
        help="of training for each update (default: 20)",
    )
    add(
        "--batch-size",
        type=option_types.count,
        default=8,
        metavar="N",
        help="frames of an iteration (default: 8)",
    )
    add(
        "--learning-rate",
        type=_rate,
        default=1e-3,
        metavar="X",
        help="of Adam (default: 0.001)",
    )
    add(
        "--height",
        type=_even,
        default=256,
        metavar="PIXELS",
        help="of the frames, which are twice as wide (default: 256)",
    )
    add(
        "--keep-aspect",
        action="store_true",
        help="give frames the aspect of the video instead",
    )
    add(
        "--statistics",
        choices=("sent", "frozen"),
        default="sent",
        help="whether those of batch normalisation learn and are sent, or "
        "stay as they are on both sides (default: sent)",
    )
    add(
        "--values",
        choices=("float16", "int8", "float32"),
        default="float16",
        help="how weights are sent (default: float16)",
    )
    add(
        "--value-steps",
        type=_steps,
        default=127,
        metavar="N",
        help="of int8, 1 to 127: how many make up the largest change of a "
        "layer; fewer make smaller, coarser updates (default: 127)",
    )


def _add_server(group):
    add = group.add_argument
    add(
        "--port",
        type=option_types.port,
        default=8700,
        metavar="PORT",
        help="default: 8700; 0: a free one",
    )
    add(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="to listen on (default: 127.0.0.1, this machine alone; any other "
        "needs --token-file)",
    )
    add(
        "--token-file",
        metavar="FILE",
        help="a token in each line, of 8 characters or more; edges must know "
        "one",
    )
    add("--tls-cert", metavar="FILE", help="certificate in PEM, for wss://")
    add(
        "--tls-key",
        metavar="FILE",
        help="its key, without a password",
    )
    add(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="name by which edges may call this server besides localhost, "
        "this machine's name and the address that it listens on; may be given "
        "several times",
    )
    add(
        "--state-dir",
        metavar="DIR",
        help="folder in which what students learnt outlives the server",
    )
    add(
        "--max-edges",
        type=option_types.count,
        default=8,
        metavar="N",
        help="edges at a time (default: 8)",
    )


def run(arguments):
    import asyncio

    from accel_tf.distill.access import check_address
    from accel_tf.serving.access import Access, is_loopback

    tokens, tls = check_address(
        arguments.host,
        arguments.token_file,
        arguments.tls_cert,
        arguments.tls_key,
    )
    Access(allowed_hosts=arguments.allowed_host)  # It checks the names.
    from accel_tf.distill.server import DistillServer
    from accel_tf.messages import note, tell

    if tls is None and not is_loopback(arguments.host):
        note("the token travels in the open; --tls-cert and --tls-key hide it")
    server = DistillServer(
        _classroom(arguments),
        tokens,
        arguments.state_dir,
        arguments.max_edges,
        _log,
        arguments.allowed_host,
    )
    try:
        asyncio.run(
            server.serve(
                arguments.host,
                arguments.port,
                tls,
                # An open port is a sign that a server is ready.
                on_ready=lambda url: print(f"Ready: {url}", flush=True),
            )
        )
    except OverflowError as error:
        raise ValueError(str(error)) from error
    tell("Stopped.")


def _classroom(arguments):
    from accel_tf.distill.classroom import Classroom, TeachingSettings
    from accel_tf.distill.teachers import make_teacher
    from accel_tf.messages import tell
    from accel_tf.models.restore import restore_model

    settings = TeachingSettings(
        height=arguments.height,
        keep_aspect=arguments.keep_aspect,
        rate=arguments.rate or 1.0,
        adapt_rate=arguments.rate is None,
        update_period=arguments.update_period,
        adapt_period=arguments.adapt_period,
        horizon=arguments.horizon,
        iterations=arguments.iterations,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        strategy=arguments.strategy,
        fraction=arguments.fraction,
        statistics=arguments.statistics,
        values=arguments.values,
        value_steps=arguments.value_steps,
    )
    model, message = restore_model(
        arguments.model, arguments.weights, arguments.num_classes
    )
    tell(f"student: {message}")
    teacher, message = make_teacher(arguments.teacher, model.label_map.names)
    tell(f"teacher: {message}")
    classroom = Classroom(model, teacher, settings)
    tell("compiling the training ...")
    classroom.prepare()
    return classroom


def _log(line):
    import time

    from accel_tf.messages import tell

    tell(f"{time.strftime('%H:%M:%S')} {line}")


def _share(text):
    return option_types.number(
        text, float, 1e-9, 1, "give a share above 0, at most 1"
    )


def _rate(text):
    return option_types.number(text, float, 1e-9, 100, "give a number above 0")


def _steps(text):
    return option_types.number(text, int, 1, 127, "give 1 to 127")


def _positive_seconds(text):
    return option_types.number(text, float, 1e-3, 1e6, "give seconds above 0")


def _even(text):
    hint = "give an even number of 16 or more"
    height = option_types.number(text, int, 16, 4096, hint)
    if height % 2:
        raise argparse.ArgumentTypeError(f"{text!r}: {hint}")
    return height
