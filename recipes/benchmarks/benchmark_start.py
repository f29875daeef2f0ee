"""Measures how long `accel-tf segment` takes to start, and its memory.

    accel-tf recipe benchmark_start --before EARLIER \\
        --out recipes/results/start.json

Each system runs in a process of its own, in turns, from the command to the
labels of a few frames: from a file of weights, from it once more (`again`, with
what an earlier process compiled) and, if `--ways` names it, from programs that
`accel-tf export` made of it for OpenVINO. EARLIER is a checkout of an earlier
version of the library, measured in the same rounds.
Takes two to five minutes a round for each version of the library.
"""

import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from accel_tf.commands import option_types
from accel_tf.recipes.benchmarks.rounds import take_rounds
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import at_least, file_to_write

MODELS = "deeplab_101,accel_18,td4_psp18"
WAYS = ("weights", "again", "openvino")
ROOT = pathlib.Path(__file__).resolve().parents[2]
# Two key frames at an interval of five, and one frame after each at least.
FRAMES, INTERVAL = 8, 5


def main(arguments=None):
    """Measures, prints a table and writes a JSON file."""
    options = read_options(arguments)
    from accel_tf.files import write_text
    from accel_tf.recipes.common.start_tables import format_start

    results = measure(options)
    print(format_start(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def read_options(arguments):
    """The command line, checked."""
    parser = make_parser(__file__, __doc__)
    add = parser.add_argument
    add("--models", default=MODELS, help="presets (default: %(default)s)")
    add("--size", type=option_types.size, default="512x1024", help="HxW")
    add("--ways", default="weights,again", help="(default: %(default)s)")
    add("--rounds", type=at_least(1), default=3, help="(default: %(default)s)")
    add(
        "--before",
        type=pathlib.Path,
        metavar="EARLIER",
        help="checkout of an earlier version, such as of git worktree",
    )
    add("--out", type=file_to_write, help="JSON file; else only a table")
    options = parser.parse_args(arguments)
    options.models = options.models.split(",")
    options.ways = options.ways.split(",")
    for way in options.ways:
        if way not in WAYS:
            raise ValueError(f"--ways takes {', '.join(WAYS)}, not {way!r}.")
    if options.before and not (options.before / "accel_tf").is_dir():
        raise ValueError(f"{options.before} is no checkout of accel-tf.")
    return options


def measure(options):
    """Everything, as `format_start` takes it."""
    from accel_tf.benchmark.devices import describe_machine
    from accel_tf.models.presets import from_preset

    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_frames(folder / "frames", options.size)
        weights = {}
        for name in options.models:
            model = from_preset(name, 19)
            model.save_weights(folder / f"{name}.weights.h5")
            weights[name] = 4 * sum(math.prod(x.shape) for x in model.weights)
            del model
            if "openvino" in options.ways:
                export(folder, name, options.size)
        checkouts = {"after": ROOT}
        if options.before:
            checkouts["before"] = options.before.resolve()
        questions = {
            (name, way, when): lambda name=name, way=way, when=when: ask(
                folder, name, way, checkouts[when]
            )
            for name in options.models
            for way in options.ways
            for when in checkouts
        }
        for question, answer in questions.items():
            if "again" in question:
                answer()  # for what it leaves
        rounds = take_rounds(questions, options.rounds)
    return {
        "machine": describe_machine("tensorflow", "keras"),
        "load_average_before": round(load, 1),
        "size": "{}x{}".format(*options.size),
        "revisions": {when: revision(path) for when, path in checkouts.items()},
        "rows": [
            {
                "model": name,
                "way": way,
                "when": when,
                "weights_bytes": weights[name],
                "rounds": [answers[name, way, when] for answers in rounds],
            }
            for name, way, when in questions
        ],
    }


def write_frames(folder, size):
    """A folder of drawn frames as PNG files."""
    from accel_tf import optional
    from accel_tf.recipes.benchmarks.frames import read_frames

    folder.mkdir()
    for index, frame in enumerate(read_frames(None, size, FRAMES)):
        path = str(folder / f"{index}.png")
        optional.cv2().imwrite(path, frame[..., ::-1])


def export(folder, name, size):
    """Programs of OpenVINO from a file of weights."""
    command = ["export", str(folder / f"{name}.openvino"), "--model", name]
    command += ["--weights", str(folder / f"{name}.weights.h5")]
    command += ["--format", "openvino", "--size", "{}x{}".format(*size)]
    accel_tf(ROOT, ["-m", "accel_tf", *command])


def ask(folder, name, way, checkout):
    """What `start_once` tells of one start."""
    source = folder / (
        f"{name}.openvino" if way == "openvino" else f"{name}.weights.h5"
    )
    cache = str(folder / "cache") if way == "again" else ""
    with tempfile.TemporaryDirectory() as labels:
        script = pathlib.Path(__file__).with_name("start_once.py")
        command = [str(script), repr(time.time()), "segment", "--model", name]
        command += [str(folder / "frames"), "--weights", str(source)]
        command += ["--interval", str(INTERVAL), "--labels", labels, "--quiet"]
        told = accel_tf(checkout, command, cache)
        return json.loads(told.splitlines()[-1])


def accel_tf(checkout, command, cache=""):
    """What Python prints with the library of a checkout.

    Args:
        checkout: `pathlib.Path`.
        command: list of arguments for Python.
        cache: folder for what was compiled; empty for none.

    Raises:
        OSError: if it fails; with the last line of what it said.
    """
    path = os.pathsep.join([str(checkout), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "PYTHONPATH": path, "ACCEL_TF_CACHE": cache},
        cwd=checkout,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"{done.returncode}"]
        raise OSError(f"{command[0]} failed: {said[-1]}")
    return done.stdout


def revision(checkout):
    """Git's name of a checkout's commit; `None` where there is no Git."""
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or None


if __name__ == "__main__":
    run(main)
