"""Counts and times of requests, in Prometheus' text format.

The names, labels and buckets are those of TensorFlow Serving, where a colon
stands for each slash of a metric's name.
"""

import bisect
import itertools
import threading

BUCKETS = tuple(10 * 1.8**exponent for exponent in range(33))
"""Upper ends of the histograms' buckets but the last, in microseconds."""

_PREFIX = ":tensorflow:serving:"
_REQUEST_COUNT = f"{_PREFIX}request_count"
_REQUEST_LATENCY = f"{_PREFIX}request_latency"
_RUNTIME_LATENCY = f"{_PREFIX}runtime_latency"
# Not TensorFlow Serving's: the state that a streaming model holds.
_STATS_PREFIX = ":accel_tf:serving:"


class Metrics:
    """What a server has done; any number of threads may add to it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counts = {}
        self._histograms = {_REQUEST_LATENCY: {}, _RUNTIME_LATENCY: {}}

    def observe_request(self, model_name, action, code, seconds):
        """Adds one request, as `RestHandler` reports it.

        Args:
            model_name: name of the model; only of models that there are, as
                each name takes memory for good.
            action: `"predict"`, `"classify"` or `"regress"`.
            code: canonical name of the status, such as `"OK"`.
            seconds: from the request's arrival to its answer.
        """
        labels = (
            ("model_name", model_name),
            ("API", action),
            ("entrypoint", "REST"),
        )
        key = (("model_name", model_name), ("status", code))
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1
            self._add(_REQUEST_LATENCY, labels, seconds)

    def observe_runtime(self, model_name, seconds):
        """Adds the time that one call of a model's graph took."""
        labels = (
            ("model_name", model_name),
            ("API", "Predict"),
            ("runtime", "TF1"),
        )
        with self._lock:
            self._add(_RUNTIME_LATENCY, labels, seconds)

    def text(self, stats=()):
        """All metrics as text.

        Args:
            stats: iterable of `(model_name, version, numbers)` with a dict
                from names to numbers for each model that keeps streams.

        Returns:
            Text in Prometheus' format, with a line end at its end.
        """
        with self._lock:
            lines = [f"# TYPE {_REQUEST_COUNT} counter"]
            lines += [
                f"{_REQUEST_COUNT}{_labels(key)} {count}"
                for key, count in sorted(self._counts.items())
            ]
            for name, histograms in self._histograms.items():
                lines.append(f"# TYPE {name} histogram")
                for labels, histogram in sorted(histograms.items()):
                    lines += histogram.lines(name, labels)
        lines += _gauge_lines(stats)
        return "\n".join(lines) + "\n"

    def _add(self, name, labels, seconds):
        histograms = self._histograms[name]
        if labels not in histograms:
            histograms[labels] = _Histogram()
        histograms[labels].add(seconds * 1e6)


class _Histogram:
    def __init__(self):
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def add(self, value):
        self.counts[bisect.bisect_left(BUCKETS, value)] += 1
        self.sum += value

    def lines(self, name, labels):
        ends = [f"{end:g}" for end in BUCKETS] + ["+Inf"]
        totals = list(itertools.accumulate(self.counts))
        for end, total in zip(ends, totals, strict=True):
            yield f"{name}_bucket{_labels((*labels, ('le', end)))} {total}"
        yield f"{name}_sum{_labels(labels)} {self.sum:.12g}"
        yield f"{name}_count{_labels(labels)} {totals[-1]}"


def _gauge_lines(stats):
    by_name = {}
    for model_name, version, numbers in stats:
        labels = (("model_name", model_name), ("version", str(version)))
        for key, number in numbers.items():
            by_name.setdefault(key, []).append((labels, number))
    for key, values in sorted(by_name.items()):
        yield f"# TYPE {_STATS_PREFIX}{key} gauge"
        for labels, number in values:
            yield f"{_STATS_PREFIX}{key}{_labels(labels)} {number}"


def _labels(pairs):
    return "{" + ",".join(f'{key}="{_escape(v)}"' for key, v in pairs) + "}"


def _escape(text):
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
