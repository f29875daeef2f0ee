"""Measures what the costliest requests cost the embedded server.

    accel-tf recipe benchmark_costs --out recipes/results/serving_costs.json

Exports a small model, serves it in a process of its own and sends it the
requests of `costly_requests`, of 100 kB and of 32 MB, one after the other. Of
each it tells the peak of memory above that before, the seconds, the answer,
and the longest time that others waited meanwhile: one for the model's status,
another for the labels of a small frame of a stream. Linux only. `--before`
puts the figures of an earlier file beside.
"""

import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from accel_tf.recipes.benchmarks.costly_requests import (
    costly_requests,
    stream_request,
)
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import at_least, file_to_write

SIZES = {"100 kB": 100_000, "32 MB": 32_000_000}
# What is freed goes back to the system, so that the next peak is seen.
_MALLOC = {"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "65536"}
_STATUS = "/v1/models/m"
_PREDICT = f"{_STATUS}:predict"


def main(arguments=None):
    """Measures, prints a table and writes a JSON file."""
    options = read_options(arguments)
    from accel_tf.files import write_text
    from accel_tf.recipes.common.cost_tables import format_costs

    results = measure(options)
    if options.before is not None:
        before = json.loads(options.before.read_text())
        results["before"] = before["costs"]
    print(format_costs(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def read_options(arguments):
    """The command line, checked."""
    parser = make_parser(__file__, __doc__)
    add = parser.add_argument
    add("--model", default="accel_tiny", help="preset (default: %(default)s)")
    add(
        "--seconds",
        type=at_least(1),
        default=60,
        help="that an answer may take (default: %(default)s)",
    )
    add("--before", type=pathlib.Path, help="JSON file of an earlier run")
    add("--out", type=file_to_write, help="JSON file; else only a table")
    return parser.parse_args(arguments)


def measure(options):
    """Everything, as `format_costs` takes it."""
    from accel_tf.benchmark.devices import describe_machine
    from accel_tf.models.restore import RANDOM, restore_model
    from accel_tf.serving.export import export_saved_model

    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        model, _ = restore_model(options.model, [RANDOM], None)
        export_saved_model(model, folder, warm_up_size=(64, 96))
        with contextlib.ExitStack() as stack:
            server = None
            for label, size in SIZES.items():
                costs[label] = {}
                for name, make in costly_requests(size).items():
                    print(f"{label}, {name}", file=sys.stderr)
                    body, headers = make()
                    if server is None or not server.is_well():
                        stack.close()
                        server = stack.enter_context(_Server(folder))
                    costs[label][name] = server.cost(
                        body, headers, options.seconds
                    )
    return {
        "machine": describe_machine("tensorflow", "keras"),
        "model": options.model,
        "seconds": options.seconds,
        "costs": costs,
    }


class _Server:
    """`accel-tf serve` in a process of its own."""

    def __init__(self, folder):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "accel_tf", "serve"]
            + ["--model-base-path", folder, "--model-name", "m"]
            + ["--rest-api-port", "0"],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | _MALLOC,
        )
        line = self._process.stdout.readline()
        self._address = line.split("//")[1].split("/")[0]
        self._is_well = True

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def is_well(self):
        """Whether it has answered every request, and still runs."""
        return self._is_well and self._process.poll() is None

    def cost(self, body, headers, seconds):
        """What a request costs; dict."""
        before = self._memory("VmRSS")
        process = pathlib.Path(f"/proc/{self._process.pid}/clear_refs")
        process.write_text("5")
        status, answer = None, b""
        processor = self._processor_seconds()
        statuses, frames = [], []
        with (
            self._waiting(statuses, "GET", _STATUS),
            self._waiting(frames, "POST", _PREDICT, *stream_request()),
        ):
            start = time.perf_counter()
            try:
                status, answer = self._ask(
                    "POST", _PREDICT, body, headers, seconds
                )
            except OSError:
                self._is_well = False
            taken = time.perf_counter() - start
        peak = None
        if self._process.poll() is None:
            peak = max(0, self._memory("VmHWM") - before)
            processor = self._processor_seconds() - processor
        return {
            "bytes": len(body),
            "status": status,
            "seconds": round(taken, 2),
            "processor_seconds": round(processor, 2),
            "peak_bytes": peak,
            "answer_bytes": len(answer),
            "others_waited": _longest(statuses, taken),
            "a_stream_waited": _longest(frames, taken),
            "its_frames_refused": sum(status != 200 for _, status in frames),
            "message": "" if status == 200 else answer.decode()[:160],
        }

    def _ask(self, method, path, body=None, headers=None, seconds=60):
        connection = http.client.HTTPConnection(self._address, timeout=seconds)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def _memory(self, name):
        """In bytes; peaks are those since the last request."""
        text = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        (line,) = (x for x in text.splitlines() if x.startswith(name))
        return int(line.split()[1]) * 1024

    def _processor_seconds(self):
        """Of all threads so far."""
        text = pathlib.Path(f"/proc/{self._process.pid}/stat").read_text()
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    @contextlib.contextmanager
    def _waiting(self, answers, *request):
        """Sends a request again and again, as long as the block.

        `(seconds, status)` of each is added to `answers`.
        """
        is_over = threading.Event()

        def ask():
            while not is_over.wait(0.02):
                start, status = time.perf_counter(), None
                with contextlib.suppress(OSError):
                    status, _ = self._ask(*request)
                answers.append((time.perf_counter() - start, status))

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()


def _longest(answers, taken):
    """Seconds of the slowest; of the whole time if there is none."""
    return round(max((seconds for seconds, _ in answers), default=taken), 2)


if __name__ == "__main__":
    run(main)
