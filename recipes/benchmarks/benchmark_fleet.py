"""Measures what a cluster costs, and simulates a large one.

    accel-tf recipe benchmark_fleet cost --out recipes/results/fleet.json
    accel-tf recipe benchmark_fleet simulate --out recipes/results/fleet.json

`cost` segments drawn videos with the plain command and with `--cluster` on one
and two workers of this machine, each in turns, with few frames and with many:
the difference is what a frame takes when all has started. Processor time is
that of all processes, Ray's own too; Linux only.

`simulate` lets up to 3,000 workers do what an archive asks for, with the time
of a task, its spread and that of the command as `cost` measured them.

A file that exists keeps what was not measured anew.
"""

import functools
import json
import pathlib
import statistics
import sys
import tempfile
import time

from accel_tf.commands import option_types
from accel_tf.recipes.benchmarks.process_times import processor_seconds
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import at_least, file_to_write

WAYS = {
    "plain": [],
    "1 worker": ["--cluster", "--workers", "1"],
    "2 workers": ["--cluster", "--workers", "2"],
}
_TASKS = 500
_INTERVAL = 5
_PARTS = 2
"""Of each long video, if each has a key frame and others.

To begin a part takes as long as some frames do: it opens the file, decodes up
to its first frame, and that of the next part.
"""


def main(arguments=None):
    """Measures, prints tables and writes a JSON file."""
    options = read_options(arguments)
    from accel_tf.files import write_text
    from accel_tf.recipes.common.fleet_tables import format_fleet

    results = {}
    if options.out is not None and options.out.exists():
        results = json.loads(options.out.read_text())
    if options.what == "cost":
        results["cost"] = measure_cost(options)
    else:
        if "cost" not in results:
            raise ValueError(
                "a simulation needs the measured cost; give --out FILE with it."
            )
        results["simulation"] = simulate_archives(options, results["cost"])
    print(format_fleet(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def read_options(arguments):
    """The command line, checked."""
    parser = make_parser(__file__, __doc__)
    parts = parser.add_subparsers(dest="what", required=True)
    add = parts.add_parser("cost").add_argument
    add("--model", default="accel_tiny", help="(default: %(default)s)")
    add("--size", type=option_types.size, default="360x640", help="HxW")
    add("--frames", type=at_least(20), default=1200, help="of each long video")
    add("--rounds", type=at_least(1), default=3)
    add("--out", type=file_to_write, help="JSON file; else only a table")
    add = parts.add_parser("simulate").add_argument
    add(
        "--milliseconds",
        type=float,
        default=50.0,
        help="of a worker for a frame (default: %(default)s)",
    )
    add(
        "--store",
        type=float,
        default=10.0,
        help="gigabits per second of the object store (default: %(default)s)",
    )
    add("--out", type=file_to_write, help="JSON file; else only a table")
    return parser.parse_args(arguments)


def measure_cost(options):
    """Runs each way in turns, with short and with long videos."""
    from accel_tf.benchmark.devices import describe_machine

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        short, long = options.frames // 10, options.frames
        part = max(_INTERVAL, options.frames // _PARTS)
        archives = {
            "short": _archive(folder / "short", short, options.size),
            "long": _archive(folder / "long", long, options.size),
        }
        rows = {way: [] for way in WAYS}
        parts = []
        for number in range(options.rounds):
            for way, more in WAYS.items():
                row = {}
                for name, archive in archives.items():
                    out = folder / f"{way}-{name}-{number}"
                    row[name] = _time(options, archive, out, more, part)
                    if more and name == "long":
                        parts += _seconds_a_frame(out)
                rows[way].append(row)
    frames = 2 * (long - short)
    return {
        "machine": describe_machine("ray", "tensorflow"),
        "model": options.model,
        "size": "{}x{}".format(*options.size),
        "frames": frames,
        "part_frames": part,
        "rows": [
            {
                "way": way,
                "processor_milliseconds": [
                    1000 * _rest(row, "processor") / frames for row in rounds
                ],
                "wall_milliseconds": [
                    1000 * _rest(row, "wall") / frames for row in rounds
                ],
                "first_seconds": [row["short"]["wall"] for row in rounds],
            }
            for way, rounds in rows.items()
        ],
        "task_milliseconds": 1000 * _seconds_of_task(),
        "spread": [each / statistics.median(parts) for each in parts],
    }


def _rest(row, what):
    return row["long"][what] - row["short"][what]


def _archive(folder, frames, size):
    """Two drawn videos."""
    from accel_tf.recipes.benchmarks.frames import read_frames
    from accel_tf.video import VideoWriter

    folder.mkdir()
    images = read_frames(None, size, 60)
    for name in ("a", "b"):
        with VideoWriter(folder / f"{name}.mp4", *size, 25.0) as writer:
            for index in range(frames):
                # To and fro, so that nothing jumps.
                place = index % (2 * len(images) - 2)
                writer.write(images[min(place, 2 * len(images) - 2 - place)])
    return folder


def _time(options, archive, out, more, part):
    out.mkdir()
    command = [sys.executable, "-m", "accel_tf", "segment"]
    command += [str(archive), "--labels", str(out / "labels"), "--quiet"]
    command += ["--model", options.model, "--weights", "random", "--no-cuts"]
    if more:
        command += [*more, "--part-frames", str(part)]
    # With as many threads as a worker, whose frames would else take others.
    environment = {"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    processor = processor_seconds(command, environment)
    return {"wall": time.perf_counter() - start, "processor": processor}


def _seconds_a_frame(out):
    """Of each part, without its first frames, which are compiled."""
    lines = (out / "labels" / "fleet.jsonl").read_text().splitlines()
    reports = [
        line["report"] for line in map(json.loads, lines) if "part" in line
    ]
    return [
        (report["seconds"] - report["compiled_seconds"])
        / (report["frames"] - report["compiled_frames"])
        for report in reports
    ]


class _Nothing:
    """A worker that does nothing."""

    def do(self):
        return {"report": {"frames": 1}}


class _Counter:
    def done(self, task, value):
        return []

    def failed(self, task, reason):
        raise ValueError(reason)


def _seconds_of_task():
    """What the command takes to hand out a task and take its result."""
    from accel_tf.fleet.driver import Driver, Task
    from accel_tf.fleet.ray_pool import LOCAL, RayPool, connected

    with connected(LOCAL):
        pool = RayPool(functools.partial(_Nothing), 0.5, 0.0, 4)
        once = iter([Task(None, "do", ())] * 20)
        Driver(pool, once, _Counter(), 0, print).run()
        start = time.process_time()
        tasks = (Task(index, "do", ()) for index in range(_TASKS))
        Driver(pool, tasks, _Counter(), 0, print).run()
        return (time.process_time() - start) / _TASKS


def simulate_archives(options, cost):
    """Lets fleets of several sizes do what two archives ask for."""
    import dataclasses

    from accel_tf.recipes.common.fleet_archives import ARCHIVES, SIZES, fleet
    from accel_tf.recipes.common.fleet_simulation import simulate

    return {
        "milliseconds": options.milliseconds,
        "store_gigabits": options.store,
        "task_milliseconds": cost["task_milliseconds"],
        "rows": [
            {"archive": archive, "workers": workers}
            | dataclasses.asdict(
                simulate(
                    fleet(
                        archive,
                        workers,
                        options.milliseconds / 1000,
                        options.store,
                        cost,
                    )
                )
            )
            for archive in ARCHIVES
            for workers in SIZES
        ],
    }


if __name__ == "__main__":
    run(main)
