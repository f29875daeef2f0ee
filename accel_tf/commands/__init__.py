"""The command line `accel-tf`.

Each verb is a module of this folder, called like the verb with `_` for `-`:

- `EXAMPLE`: its arguments in the example that the help ends with;
- `add_options(parser)`: adds its options to an `argparse.ArgumentParser`;
- `run(arguments)`: does it; gives the exit status, or `None` for 0.

`VERBS` names them. At their tops these modules import only what is quick: a
page of help and a mistake in the options need no Keras.
"""

import argparse
import contextlib
import importlib
import signal
import sys

import accel_tf
from accel_tf import messages
from accel_tf.import_hooks import hide_sklearn_from_keras
from accel_tf.program_cache import keep_programs

VERBS = {
    "models": "Tables of the presets: parameters and multiply-additions.",
    "demo": "Trains and compares small models on procedural street scenes.",
    "train": "Trains a model on one's own frames and label images.",
    "segment": "Segments videos and writes them with the classes laid over.",
    "plan": "Tells how this machine can segment a video at a frame rate.",
    "classify": "Tells the classes of what happens in videos, over time.",
    "evaluate": "Mean IoU by interval, by class and by distance, and time per "
    "frame.",
    "export": "Writes a SavedModel for servers, or programs for other "
    "runtimes.",
    "serve": "Answers TensorFlow Serving's REST requests with exported models.",
    "distill-server": "Teaches the students of edges while they work.",
    "distill-edge": "Segments a video with a student that a server teaches.",
    "benchmark": "Times presets side by side, beside the machine's own limits.",
    "convert": "Writes an official checkpoint as .weights.h5.",
    "build-data": "Makes a data set of downloaded or one's own files.",
    "browse": "Shows a data set: frames, labels, class shares and faults.",
    "recipe": "Lists training scripts, comparisons and benchmarks; runs one.",
    "completion": "Prints a script that completes verbs, options and files.",
}
"""Name of a verb -> its help in one line."""

# Those that make programs of a model to run them, rather than to time them.
_KEEP_PROGRAMS = ("segment", "evaluate", "classify", "distill-edge")


def main(argv=None):
    """Runs one verb.

    Args:
        argv: the arguments; those of the process by default.

    Returns:
        The exit status: 0; 1 if one of several inputs failed, or a plan finds
        nothing that is quick enough; 2 after a mistake in the input; 3 if a
        stream was lost; 130 after an interrupt.
    """
    argv = sys.argv[1:] if argv is None else argv
    verb = next((text for text in argv if not text.startswith("-")), None)
    parser = make_parser({verb} & VERBS.keys())
    arguments = parser.parse_args(argv)
    hide_sklearn_from_keras()
    if arguments.verb in _KEEP_PROGRAMS:
        keep_programs()
    quiet = messages.quiet if arguments.quiet else contextlib.nullcontext
    # Being told to stop by a supervisor is like Ctrl-C: finish the files.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with quiet():
            return arguments.run(arguments) or 0
    except KeyboardInterrupt:
        print("accel-tf: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError, ImportError) as error:
        message = " ".join(str(error).split())
        print(f"accel-tf: {message}", file=sys.stderr)
        return 2


def make_parser(verbs=tuple(VERBS)):
    """The parser of the command line.

    Args:
        verbs: those whose options are needed; of the others only the names
            are known, and their modules are not imported.

    Returns:
        An `argparse.ArgumentParser`; it sets `run` to the verb's function.
    """
    parser = argparse.ArgumentParser(
        prog="accel-tf",
        description="Video segmentation at a fraction of the per-frame cost.",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"accel-tf {accel_tf.__version__}",
    )
    _add_quiet(parser, False)
    added = parser.add_subparsers(required=True, dest="verb", metavar="VERB")
    for name, summary in VERBS.items():
        verb = added.add_parser(name, help=summary, description=summary)
        if name in verbs:
            module = importlib.import_module(
                f"accel_tf.commands.{name.replace('-', '_')}"
            )
            verb.epilog = f"Example: accel-tf {name} {module.EXAMPLE}"
            verb.set_defaults(run=module.run)
            module.add_options(verb)
            _add_quiet(verb, argparse.SUPPRESS)
    return parser


def _add_quiet(parser, default):
    """Before and after the verb, whose default must not undo the former."""
    parser.add_argument(
        "--quiet",
        action="store_true",
        default=default,
        help="print results and errors only: no progress bars, no notes",
    )
