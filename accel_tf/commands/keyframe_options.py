"""The options that say which frames are key frames."""

from accel_tf.commands import option_types

FIXED, ADAPTIVE = "fixed", "adaptive"
DEFAULT_INTERVAL, DEFAULT_SHARE = 5, 0.2


def add_options(parser):
    """Adds the interval, or the share; all defaults are `None`.

    Args:
        parser: an `argparse.ArgumentParser`.
    """
    parser.add_argument(
        "--keyframes",
        choices=(FIXED, ADAPTIVE),
        help="fixed: one every --interval frames; adaptive: --key-share of "
        "them, where the scene changes most (default: fixed)",
    )
    parser.add_argument(
        "--interval",
        type=int,
        metavar="N",
        help="frames from one key frame to the next (default: 5)",
    )
    parser.add_argument(
        "--key-share",
        type=option_types.share,
        metavar="SHARE",
        help="with --keyframes adaptive: share of key frames among all, on "
        "average (default: 0.2)",
    )


def add_cuts(parser):
    """Adds whether cuts are looked for; the default is `False`."""
    parser.add_argument(
        "--no-cuts",
        action="store_true",
        help="do not begin anew at the first frame of another scene",
    )


def add_steady(parser):
    """Adds whether key frames are in the background; the default is `None`."""
    parser.add_argument(
        "--steady",
        nargs="?",
        const=True,
        type=option_types.count,
        metavar="FRAMES",
        help="look at key frames in the background, so that they take no "
        "longer than others, and use them FRAMES later (default: the interval; "
        "with --live as soon as may be)",
    )


def check_options(arguments):
    """Raises `ValueError` for options that do not go together.

    Args:
        arguments: an `argparse.Namespace` with the options of `add_options`.
    """
    is_adaptive = arguments.keyframes == ADAPTIVE
    if is_adaptive and arguments.interval is not None:
        raise ValueError(
            "--interval goes with --keyframes fixed; give --key-share with "
            "adaptive."
        )
    if arguments.key_share is not None and not is_adaptive:
        raise ValueError("--key-share goes with --keyframes adaptive.")


def given_policy(arguments):
    """The `KeyframePolicy` that was given.

    Args:
        arguments: as for `check_options`; with `no_cuts`, if `add_cuts` was
            called.

    Raises:
        ValueError: one line, if the options do not go together.
    """
    check_options(arguments)
    from accel_tf.streaming import (
        AdaptiveKeyframes,
        FixedInterval,
        SceneCuts,
    )

    if arguments.keyframes == ADAPTIVE:
        policy = AdaptiveKeyframes(arguments.key_share or DEFAULT_SHARE)
    else:
        given = arguments.interval
        policy = FixedInterval(DEFAULT_INTERVAL if given is None else given)
    return policy if getattr(arguments, "no_cuts", True) else SceneCuts(policy)
