"""`accel-tf serve`."""

from accel_tf.commands import option_types
from accel_tf.commands.keywords import keywords
from accel_tf.serving.http_limits import HttpLimits
from accel_tf.serving.request_limits import RequestLimits

EXAMPLE = (
    "--model-base-path exports/camvid --model-name camvid --rest-api-port 8501"
)


def add_options(parser):
    add = parser.add_argument
    add(
        "--model-base-path",
        metavar="DIR",
        help="folder of the versions, each in a folder named by its number",
    )
    add(
        "--model-name",
        metavar="NAME",
        help="name of the model in requests (default: default)",
    )
    add(
        "--model-config-file",
        metavar="FILE",
        help="models.config as TensorFlow Serving reads it, instead of the "
        "two options above",
    )
    add(
        "--rest-api-port",
        type=option_types.port,
        default=8501,
        metavar="PORT",
        help="default: 8501; 0: a free one",
    )
    add(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on; 0.0.0.0 lets other machines in, see "
        "--token-file (default: 127.0.0.1)",
    )
    _add_access(add)
    add(
        "--file-system-poll-wait-seconds",
        type=_seconds,
        default=1.0,
        metavar="S",
        help="time between two looks for new versions (default: 1; 0: none "
        "after the start)",
    )
    add(
        "--model-config-file-poll-wait-seconds",
        type=_seconds,
        default=0.0,
        metavar="S",
        help="the same for the config file (default: 0)",
    )
    add(
        "--allow-version-labels-for-unavailable-models",
        action="store_true",
        help="let a label point to a version that is not loaded",
    )
    add(
        "--threads",
        type=_positive,
        metavar="N",
        help="for the computation (default: as many as cores)",
    )
    add(
        "--max-body-bytes",
        type=_positive,
        default=HttpLimits.body_bytes,
        metavar="N",
        help="of one request (default: %(default)s)",
    )
    add(
        "--max-in-flight",
        type=_positive,
        default=HttpLimits.in_flight,
        metavar="N",
        help="requests that are worked on at a time, others wait (default: "
        "%(default)s)",
    )
    add(
        "--max-buffered-bytes",
        type=_positive,
        default=HttpLimits.buffered_bytes,
        metavar="N",
        help="of all requests and answers in memory (default: %(default)s)",
    )
    add(
        "--max-waiting",
        type=_whole,
        default=HttpLimits.waiting,
        metavar="N",
        help="requests that wait until they are worked on; more are answered "
        "429 (default: %(default)s)",
    )
    add(
        "--max-streams",
        type=_positive,
        default=1024,
        metavar="N",
        help="streams of one model that are open at a time; one without a "
        "request for a minute makes room (default: 1024)",
    )
    add(
        "--monitoring",
        action="store_true",
        help="answer /monitoring/prometheus/metrics",
    )
    add(
        "--stop-seconds",
        type=_seconds,
        default=10.0,
        metavar="S",
        help="time for requests in flight once told to stop (default: 10)",
    )
    _add_request_limits(add)


def _add_access(add):
    add(
        "--token-file",
        metavar="FILE",
        help="a token in each line, of 8 characters or more; requests must "
        "bring one, as Authorization: Bearer TOKEN",
    )
    add(
        "--tls-cert",
        metavar="FILE",
        help="certificate in PEM, to answer at https://",
    )
    add("--tls-key", metavar="FILE", help="its key, without a password")
    add(
        "--allowed-host",
        action="append",
        metavar="NAME",
        help="name by which clients may call this server besides localhost, "
        "this machine's name and the address that it listens on; may be "
        "given several times",
    )
    add(
        "--enable-cors",
        action="store_true",
        help="let web pages of any origin send requests",
    )


def _add_request_limits(add):
    for option, default, help_text in (
        (
            "--max-inflation",
            RequestLimits.inflation,
            "times its size that a compressed body may be inflated, beyond "
            "the first MiB (default: %(default)s)",
        ),
        (
            "--max-json-memory",
            RequestLimits.json_memory,
            "bytes of memory for the lists, objects and strings of a "
            "request, beside lists of numbers (default: eight times the "
            "body, from 1 to 64 MiB)",
        ),
        (
            "--max-rows",
            RequestLimits.rows,
            "frames, or ids of streams, of a request (default: %(default)s)",
        ),
        (
            "--max-image-side",
            RequestLimits.image_side,
            "pixels of a frame's longer side (default: %(default)s)",
        ),
        (
            "--max-image-aspect",
            RequestLimits.image_aspect,
            "times a frame's shorter side that is (default: %(default)s)",
        ),
        (
            "--max-request-pixels",
            RequestLimits.pixels,
            "of all frames of a request (default: %(default)s)",
        ),
        (
            "--max-answer-bytes",
            RequestLimits.answer_bytes,
            "about, of one answer (default: %(default)s)",
        ),
    ):
        add(
            option, type=_positive, default=default, metavar="N", help=help_text
        )


def run(arguments):
    from accel_tf.serving.serve import serve

    serve(**keywords(arguments))


def _positive(text):
    return option_types.number(
        text, int, 1, 2**63 - 1, "give a whole number, 1 or more"
    )


def _whole(text):
    return option_types.number(
        text, int, 0, 2**63 - 1, "give a whole number, 0 or more"
    )


def _seconds(text):
    return option_types.number(text, float, 0, 1e9, "give seconds, 0 or more")
