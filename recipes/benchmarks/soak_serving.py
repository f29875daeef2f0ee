"""Keeps the embedded server busy for an hour beside a flood of bad clients.

    accel-tf recipe soak_serving --out recipes/results/soak.json

Exports a small model and serves it in a process of its own. Streams of
`Client` send frames all the time, and every label is compared with what a
local `VideoStream` gives, which nobody disturbs. Beside them a third process
sends frames as fast as it can, clips whose clients leave, requests a byte at
a time and rubbish, and takes no answers. It tells how long frames took, how
many each stream got and how the server's memory grew. Linux only.
"""

import contextlib
import functools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from accel_tf.commands import option_types
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import at_least, file_to_write

# The measuring parts need TensorFlow, which takes seconds to import: not for
# a mistake in the options.

MODEL = "soaked"
LENGTH = 20
SAMPLES = 120
_AFTER_ERROR_SECONDS = 1.0


def main(arguments=None):
    """Measures, prints a summary and writes a JSON file."""
    options = read_options(arguments)
    from accel_tf.files import write_text
    from accel_tf.recipes.common.soak_lines import format_soak

    results = measure(options)
    print(format_soak(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def read_options(arguments):
    """The command line, checked."""
    parser = make_parser(__file__, __doc__)
    add = parser.add_argument
    add("--model", default="accel_tiny", help="preset (default: %(default)s)")
    add(
        "--size",
        type=functools.partial(option_types.size, least=16),
        default=(64, 128),
        metavar="HxW",
        help="(default: 64x128)",
    )
    for name, default in {
        "seconds": 3600,
        "streams": 32,
        "flood": 32,
        "interval": 5,
    }.items():
        add(
            f"--{name}",
            type=at_least(0 if name == "flood" else 1),
            default=default,
            help="(default: %(default)s)",
        )
    add("--out", type=file_to_write, help="JSON file; else only a summary")
    return parser.parse_args(arguments)


def measure(options):
    """Everything, as `format_soak` of `soak_lines` takes it."""
    import keras

    from accel_tf.benchmark.devices import describe_machine
    from accel_tf.models.restore import RANDOM, restore_model
    from accel_tf.recipes.benchmarks.frames import read_frames
    from accel_tf.recipes.benchmarks.server_flood import stream_inputs
    from accel_tf.serving.client_images import encode_frame
    from accel_tf.serving.export import export_saved_model

    keras.utils.set_random_seed(0)
    model, _ = restore_model(options.model, [RANDOM], None)
    frames = read_frames(None, options.size, LENGTH)
    files = [encode_frame(frame, "png") for frame in frames]
    with tempfile.TemporaryDirectory() as folder:
        export_saved_model(
            model, folder, options.interval, warm_up_size=options.size
        )
        expected = local_labels(model, frames, options.interval)
        with _serving(folder) as (url, process):
            flood = _start_flood(url, options, stream_inputs(files[0]))
            found = soak(
                url, files, expected, options, lambda: _memory(process)
            )
            seen = json.loads(flood.communicate()[0]) if flood else {}
    return {
        "machine": describe_machine("tensorflow", "keras"),
        "model": options.model,
        "size": "{}x{}".format(*options.size),
        "seconds": options.seconds,
        "streams": options.streams,
        "flood_clients": options.flood,
        **found,
        "flood": seen,
    }


def local_labels(model, frames, interval):
    """`(frame, frames since the key frame)` -> labels of a local stream."""
    from accel_tf import FixedInterval, VideoStream

    stream = VideoStream(model, FixedInterval(interval))
    labels = {}
    for start in range(len(frames)):
        stream.reset_state()
        for since in range(interval):
            at = (start + since) % len(frames)
            labels[at, since] = stream(frames[at][None])[0]
    return labels


def soak(url, files, expected, options, memory):
    """Streams frames for the time that is told.

    Args:
        url: of the server.
        files: PNG files of frames that follow each other in a circle.
        expected: as `local_labels` gives it.
        options: as `read_options` gives them.
        memory: function that gives the server's bytes.

    Returns:
        dict: see `summary`.
    """
    from accel_tf.serving.client import Client

    start = time.monotonic()
    with Client(url, MODEL) as client:
        streams = [
            _ControlStream(client, files, expected, at)
            for at in range(options.streams)
        ]
        threads = [
            threading.Thread(target=each.run, args=(start + options.seconds,))
            for each in streams
        ]
        for thread in threads:
            thread.start()
        samples = []
        while any(thread.is_alive() for thread in threads):
            samples.append((time.monotonic() - start, memory()))
            time.sleep(options.seconds / SAMPLES)
        repeats = client.traffic.repeats
    return {**summary(streams, samples, start), "repeats": repeats}


def summary(streams, samples, start):
    """What was measured.

    Args:
        streams: have `times`, list of (end, seconds) of each frame; `errors`,
            list of strings; and `differing`, frames with other labels than
            expected.
        samples: list of (seconds since the start, bytes).
        start: time of the start.
    """
    times = sorted(each for stream in streams for each in stream.times)
    if not times:
        raise ValueError(f"no frame was answered: {streams[0].errors[:1]}")
    counts = [len(stream.times) for stream in streams]
    errors = [error for each in streams for error in each.errors]
    middle = (start + times[-1][0]) / 2
    halves = {
        "all": times,
        "first_half": [each for each in times if each[0] < middle],
        "last_half": [each for each in times if each[0] >= middle],
    }
    last = [each for each in samples if each[0] >= samples[-1][0] / 2]
    third, fourth = (
        [size for _, size in part]
        for part in (last[: len(last) // 2], last[len(last) // 2 :])
    )
    growth = statistics.mean(fourth) - statistics.mean(third or fourth)
    return {
        "frames": sum(counts),
        "frames_of_a_stream": [
            min(counts),
            statistics.median(counts),
            max(counts),
        ],
        "frames_that_differ": sum(stream.differing for stream in streams),
        "errors": len(errors),
        "first_errors": errors[:20],
        "milliseconds": {name: _waits(half) for name, half in halves.items()},
        "memory_mib": [
            [round(seconds, 1), round(size / 2**20, 1)]
            for seconds, size in samples
        ],
        "growth_in_last_half_mib": round(growth / 2**20, 2),
    }


class _ControlStream:
    """One stream of a client, whose labels are compared."""

    def __init__(self, client, files, expected, at):
        self.times, self.errors, self.differing = [], [], 0
        self._stream = client.stream()
        self._files, self._expected = files, expected
        self._at = at % len(files)

    def run(self, end):
        """Sends frames until it is time to end, also after one has failed."""
        with self._stream:
            while time.monotonic() < end:
                try:
                    self._send()
                except Exception as error:
                    self.errors.append(f"{type(error).__name__}: {error}")
                    time.sleep(_AFTER_ERROR_SECONDS)

    def _send(self):
        begin = time.monotonic()
        labels = self._stream(self._files[self._at])
        now = time.monotonic()
        self.times.append((now, now - begin))
        since = self._stream.frames_since_key
        expected = self._expected[self._at, since]
        self.differing += int((labels != expected).any())
        self._at = (self._at + 1) % len(self._files)


@contextlib.contextmanager
def _serving(folder):
    """`accel-tf serve` in a process of its own: its URL and the process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "accel_tf", "serve", "--rest-api-port", "0"]
        + ["--model-base-path", folder, "--model-name", MODEL],
        stdout=subprocess.PIPE,
        text=True,
        env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ},
    )
    try:
        line = process.stdout.readline()
        if "//" not in line:
            raise ValueError("the server did not start")
        yield "http://" + line.split("//")[1].split("/")[0], process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _start_flood(url, options, inputs):
    if not options.flood:
        return None
    process = subprocess.Popen(
        [sys.executable, "-m", "accel_tf.recipes.benchmarks.server_flood"]
        + [url, MODEL, str(options.flood), str(options.seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.stdin.write(json.dumps(inputs))
    process.stdin.close()
    process.stdin = None
    return process


def _memory(process):
    """Bytes of the server that are in memory."""
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    (line,) = (each for each in text.splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def _waits(times):
    seconds = sorted(each for _, each in times) or [0.0]

    def at(share):
        return round(1000 * seconds[int(share * (len(seconds) - 1))], 1)

    return {"p50": at(0.5), "p99": at(0.99), "longest": at(1.0)}


if __name__ == "__main__":
    run(main)
