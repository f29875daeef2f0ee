"""How long the frames of a segmenter take."""

import statistics
import time

import numpy as np

from accel_tf.streaming import FixedInterval, VideoStream


def measure_steps(models, frames, rounds=30, progress=iter):
    """Milliseconds of key and non-key frames, all models side by side.

    The models take turns frame by frame, so that whatever else the machine
    does meets all of them alike.

    Args:
        models: dict of name -> `VideoSegmenter`.
        frames: uint8 `[2, H, W, 3]`, two neighbours; on the first of them
            models with key frames have one. What optical flow costs depends
            on what they show.
        rounds: how often each kind of frame is timed, after a warm-up.
        progress: wraps the iterable of rounds, e.g. `tqdm.tqdm`.

    Returns:
        dict of name -> `{"key": ms, "non_key": ms, "minimum": {...},
        "processor": {...}}`: the medians; the shortest times; and the
        medians of the processor time of all threads. The inner dicts have
        the keys `"key"` and `"non_key"` too. Models without key frames have
        one number for both.

    Raises:
        ValueError: if `rounds` is below 1.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be 1 or more, got {rounds}.")
    frames = np.asarray(frames)[:, None]
    # Every stream alternates: a key frame, then one that is none.
    streams = {
        name: VideoStream(model, FixedInterval(2))
        for name, model in models.items()
    }
    times = {name: {True: [], False: []} for name in models}
    for turn in progress(range(rounds + 2)):
        for name, stream in streams.items():
            for frame in frames:
                processor = time.process_time()
                start = time.perf_counter()
                stream(frame)
                elapsed = time.perf_counter() - start
                processor = time.process_time() - processor
                if turn >= 2:
                    times[name][stream.is_key].append((elapsed, processor))
    return {name: _summarize(by_kind) for name, by_kind in times.items()}


def mean_over_interval(by_kind, interval):
    """Mean per frame of a quantity of key and non-key frames.

    Args:
        by_kind: dict with the keys `"key"` and `"non_key"`.
        interval: frames from one key frame to the next.
    """
    return (by_kind["key"] + (interval - 1) * by_kind["non_key"]) / interval


def _summarize(by_kind):
    kinds = {"key": by_kind[True], "non_key": by_kind[False] or by_kind[True]}

    def of_kinds(summary, column):
        return {
            kind: 1000 * summary(row[column] for row in rows)
            for kind, rows in kinds.items()
        }

    return {
        **of_kinds(statistics.median, 0),
        "minimum": of_kinds(min, 0),
        "processor": of_kinds(statistics.median, 1),
    }
