"""Runs `accel-tf segment` once and tells what its start took.

A process of `benchmark_start`, of whichever version of the library
`PYTHONPATH` names, which may be older than this file:

    python start_once.py BEGUN ARGUMENTS...

BEGUN is the time of `time.time()` when the process was started. The last line
that it prints is a JSON object: `first_seconds` and `first_processor_seconds`
from the start to the labels of the first frame (a key frame),
`second_seconds` to those of the second (none), which needs a program of its
own, `peak_bytes` of memory up to the last frame, `later_peak_bytes` since the
third, and `resident_bytes` at the end, of which `file_bytes` are those of files
such as TensorFlow's code.
"""

import contextlib
import json
import pathlib
import sys
import time


def memory():
    """dict of `VmHWM`, `VmRSS`, `RssFile`, in bytes."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    names = ("VmHWM", "VmRSS", "RssFile")
    return {name: int(fields[name].split()[0]) * 1024 for name in names}


class Watch:
    """Looks at the clock and at the memory after each frame."""

    def __init__(self, begun):
        self.begun = begun
        self.seconds, self.processor, self.peaks = [], [], []

    def watched(self, call):
        """`VideoStream.__call__`, watched."""

        def watched(stream, *arguments, **options):
            labels = call(stream, *arguments, **options)
            self.seconds.append(time.time() - self.begun)
            self.processor.append(time.process_time())
            self.peaks.append(memory()["VmHWM"])
            if len(self.seconds) == 3:
                # The peak begins anew, where the system can do that.
                with contextlib.suppress(OSError):
                    pathlib.Path("/proc/self/clear_refs").write_text("5")
            return labels

        return watched

    def report(self):
        now = memory()
        return {
            "first_seconds": round(self.seconds[0], 2),
            "first_processor_seconds": round(self.processor[0], 2),
            "second_seconds": round(self.seconds[1], 2),
            "second_processor_seconds": round(self.processor[1], 2),
            "peak_bytes": max(self.peaks),
            "later_peak_bytes": self.peaks[-1],
            "resident_bytes": now["VmRSS"],
            "file_bytes": now["RssFile"],
        }


def watch_segment(begun, *arguments):
    """Runs `accel-tf segment`, and prints what it took; gives its status."""
    watch = Watch(float(begun))
    with contextlib.suppress(ImportError):  # in an older version
        # As the command does, but before the next line imports TensorFlow.
        from accel_tf.program_cache import keep_programs

        keep_programs()
        from accel_tf.import_hooks import hide_sklearn_from_keras

        hide_sklearn_from_keras()
    from accel_tf.streaming import video_stream

    stream = video_stream.VideoStream
    stream.__call__ = watch.watched(stream.__call__)
    from accel_tf.commands import main

    with contextlib.redirect_stdout(sys.stderr):
        status = main(list(arguments))
    if not status:
        print(json.dumps(watch.report()))
    return status


if __name__ == "__main__":
    sys.exit(watch_segment(*sys.argv[1:]))
