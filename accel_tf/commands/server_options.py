"""The options of `accel-tf segment` that go with a server."""

from accel_tf.commands import option_types

_OF_LOCAL_MODELS = ("weights", "interval", "num_classes", "exact_graph")
_OF_LOCAL_MODELS += ("propagate", "update", "flow", "smooth", "trust")
_OF_LOCAL_MODELS += ("blend",)
_OF_LOCAL_MODELS += (
    "save_scores",
    "keyframes",
    "key_share",
    "no_cuts",
    "steady",
)


def add_options(parser):
    """Adds the address of a server and what goes with it.

    The options of local models must have no defaults but `None` or `[]`.

    Args:
        parser: an `argparse.ArgumentParser`.
    """
    parser.add_argument(
        "--server",
        metavar="URL",
        help="let this server segment; --model is then the name of a model "
        "there (see accel-tf serve)",
    )
    parser.add_argument(
        "--classes",
        metavar="FILE",
        help="with --server: assets/accel_tf.json of the export, where the "
        "server does not tell the classes",
    )
    parser.add_argument(
        "--lossless",
        action="store_true",
        help="with --server: send frames as PNG rather than JPEG",
    )
    parser.add_argument(
        "--timeout",
        type=option_types.seconds,
        metavar="SECONDS",
        help="with --server: how long to wait for the labels of a frame "
        "(default: 60)",
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="with --server: text that it asks for (default: the variable "
        "ACCEL_TF_TOKEN of the environment, if there is one)",
    )
    parser.add_argument(
        "--tls-ca",
        metavar="FILE",
        help="with --server: certificates to trust, in PEM, for one at "
        "https:// with a certificate of its own",
    )


def given_options(arguments):
    """The arguments of `server_streams` besides the URL and the model.

    Raises:
        ValueError, OSError: one line, if there is no token in its file.
    """
    from accel_tf.serving.tokens import token_of_client

    given = {
        "classes": arguments.classes,
        "lossless": arguments.lossless,
        "token": token_of_client(arguments.token_file),
        "ca_file": arguments.tls_ca,
    }
    if arguments.timeout is not None:
        given["timeout"] = arguments.timeout
    return given


def check_options(arguments):
    """Raises `ValueError` for options that do not go together.

    Args:
        arguments: an `argparse.Namespace`.
    """
    if arguments.server is not None and arguments.model is None:
        raise ValueError("--server needs --model, the name of a model there.")
    if arguments.server is None:
        wrong = ("classes", "lossless", "timeout", "token_file", "tls_ca")
        reason = "goes with --server only"
    else:
        wrong = _OF_LOCAL_MODELS
        reason = "does not go with --server: its model is exported already"
    for name in wrong:
        if getattr(arguments, name) not in (None, False, []):
            raise ValueError(f"--{name.replace('_', '-')} {reason}.")
