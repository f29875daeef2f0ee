"""The options of a verb that runs on a Ray cluster."""

import argparse
import hashlib
import json
import os
import pathlib

import accel_tf
from accel_tf.commands import option_types

LOCAL = "local"
FILES = ("model", "update", "flow", "propagate")
"""Options that may name a file, besides `weights`."""

_DEFAULT_PART = 3000
_DEFAULT_RETRIES = 2
_OF_CLUSTER = (
    "workers worker_cpus worker_gpus retries part_frames mix_versions".split()
)
# What results do not depend on, or is there by itself.
_NO_SETTINGS = (
    "run verb quiet cluster workers worker_cpus worker_gpus retries weights"
).split()

OF_VIDEOS = (
    "With --cluster the videos are shared out among the workers of a Ray "
    "cluster. The outputs are --output-dir, --labels, --save-scores and "
    "--json, all of them folders, and inputs and outputs may be URLs "
    "(s3://, gs://, hdfs://, ...). The file fleet.jsonl in the first of "
    "the folders says what is done: the same command goes on from there. "
    "The exit status is 1 if a video failed."
)
OF_SEQUENCES = (
    "With --cluster the sequences are shared out among the workers of a Ray "
    "cluster, all of which see the data set. Frames are timed on the machine "
    "of the command. With --json FILE, FILE.fleet.jsonl says until the end "
    "what was scored: the same command goes on from there."
)


def add_options(parser, about):
    """Adds the cluster and what its workers are; defaults are `None`.

    Args:
        parser: an `argparse.ArgumentParser`.
        about: text of the help.

    Returns:
        The group, for further options.
    """
    group = parser.add_argument_group("many machines", about)
    add = group.add_argument
    add(
        "--cluster",
        nargs="?",
        const=LOCAL,
        metavar="ADDRESS",
        help="of the cluster, such as auto, HOST:6379 or ray://HOST:10001 "
        "(default: a Ray of its own on this machine)",
    )
    add(
        "--workers",
        type=option_types.count,
        metavar="N",
        help="processes that hold the model (default: as many as there is "
        "room for, also when the cluster grows)",
    )
    add(
        "--worker-cpus",
        type=_amount,
        metavar="N",
        help="processors of each (default: 1)",
    )
    add(
        "--worker-gpus",
        type=_amount,
        metavar="N",
        help="GPUs of each, 0.5 for two that share one (default: 1 if the "
        "cluster has any, else 0)",
    )
    add(
        "--retries",
        type=_retries,
        metavar="N",
        help="further tries of what fails, on another worker if there is one "
        f"(default: {_DEFAULT_RETRIES})",
    )
    return group


def add_parts(group):
    """Adds what is for videos alone; defaults are `None`."""
    group.add_argument(
        "--part-frames",
        type=option_types.count,
        metavar="N",
        help="frames of a part of a long video, where it can be cut without "
        f"changing a label (default: {_DEFAULT_PART})",
    )
    group.add_argument(
        "--mix-versions",
        action="store_true",
        default=None,
        help="go on with what another version of accel-tf has begun; its "
        "labels of the videos that are done stay",
    )


def check_options(arguments):
    """Raises `ValueError` for options that do not go together.

    Args:
        arguments: an `argparse.Namespace` with the options of `add_options`.
    """
    if arguments.cluster is None:
        for name in _OF_CLUSTER:
            if getattr(arguments, name, None) is not None:
                option = "--" + name.replace("_", "-")
                raise ValueError(f"{option} goes with --cluster.")


def for_workers(arguments):
    """The options with the paths that workers elsewhere know files by.

    Args:
        arguments: an `argparse.Namespace` of a verb that runs a model.

    Returns:
        Another one, which can be pickled.
    """
    given = {
        key: value for key, value in vars(arguments).items() if key != "run"
    }
    for name in (*FILES, "data_dir"):
        if name in given:
            given[name] = _absolute(given[name])
    given["weights"] = [_absolute(path) for path in given["weights"]]
    return argparse.Namespace(**given)


def _absolute(text):
    """A path as an absolute one; names of what is no file stay."""
    if text is None or not os.path.exists(text):
        return text
    return os.path.abspath(text)


def settings_of(arguments, left_out, **more):
    """What results depend on, as plain JSON types.

    Args:
        arguments: an `argparse.Namespace` of a verb that runs a model.
        left_out: names of options that they do not depend on.
        **more: further settings.

    Returns:
        dict.
    """
    given = {
        key: value
        for key, value in vars(arguments).items()
        if key not in (*_NO_SETTINGS, *left_out)
        and value not in (None, False, [])
    }
    named = [given.get(name) for name in FILES]
    settings = {
        "version": accel_tf.__version__,
        **more,
        "weights": [os.path.basename(path) for path in arguments.weights],
        "files": [
            _digest(path) for path in [*arguments.weights, *named] if path
        ],
        **given,
    }
    return json.loads(json.dumps(settings))


def _digest(path):
    """Of a file's bytes; `None` of what is no file."""
    path = pathlib.Path(path)
    if not path.is_file():
        return None
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def given_part_frames(arguments):
    """Frames of a part."""
    return arguments.part_frames or _DEFAULT_PART


def given_retries(arguments):
    """Further tries."""
    given = arguments.retries
    return _DEFAULT_RETRIES if given is None else given


def given_pool(arguments):
    """A function that makes the pool of workers.

    Args:
        arguments: as for `check_options`.

    Returns:
        Function of a picklable function that makes a worker; it gives a
        context manager of a `RayPool`.

    Raises:
        ImportError: Ray is not installed.
    """
    import contextlib

    from accel_tf import optional
    from accel_tf.fleet import ray_pool

    optional.require("ray", "ray")

    @contextlib.contextmanager
    def make_pool(make_worker):
        with ray_pool.connected(arguments.cluster):
            gpus = arguments.worker_gpus
            if gpus is None:
                gpus = min(1.0, ray_pool.count_gpus())
            cpus = arguments.worker_cpus
            yield ray_pool.RayPool(
                make_worker,
                1.0 if cpus is None else cpus,
                gpus,
                arguments.workers,
            )

    return make_pool


def _amount(text):
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6 or value > 1 and value % 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no amount; give a whole number, or a fraction below "
            "1 such as 0.5"
        )
    return value


def _retries(text):
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(
            f"{text!r} is no count; give a whole number, 0 or more"
        )
    return int(text)
