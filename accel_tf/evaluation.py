"""Accuracy and speed of a segmenter on sequences."""

import statistics
import time

import numpy as np

from accel_tf.metrics import confusion_matrix
from accel_tf.streaming import FixedInterval, VideoStream


def evaluate_stream(model, sequences, interval, progress=iter):
    """Runs a model over sequences frame by frame, as a stream would come.

    Every labelled frame counts, so that the distances from the key frame,
    0 to `interval - 1`, occur equally often in long sequences.

    Args:
        model: a `VideoSegmenter`.
        sequences: iterable of dicts of arrays, as from the library's
            builders: `frames`, `labels`, `label_positions`.
        interval: frames from one key frame to the next.
        progress: wraps the iterable, e.g. `tqdm.tqdm`.

    Returns:
        int64 `[classes, classes]` confusion matrix, rows are true classes.
    """
    stream = VideoStream(model, FixedInterval(interval))
    total = np.zeros((model.num_classes, model.num_classes), "int64")
    for sequence in progress(sequences):
        stream.reset_state()
        labels = dict(
            zip(
                np.asarray(sequence["label_positions"]).tolist(),
                sequence["labels"],
                strict=True,
            )
        )
        for index, frame in enumerate(sequence["frames"]):
            predicted = stream(np.asarray(frame)[None])[0]
            if index in labels:
                truth = np.asarray(labels[index])[..., 0]
                total += confusion_matrix(truth, predicted, model.num_classes)
    return total


def measure_steps(models, height, width, rounds=30):
    """Milliseconds of key and non-key frames, all models side by side.

    The models take turns frame by frame, so that whatever else the machine
    does meets all of them alike.

    Args:
        models: dict of name -> `VideoSegmenter`.
        height: of the frames, in pixels.
        width: of the frames, in pixels.
        rounds: how often each kind of frame is timed, after a warm-up.

    Returns:
        dict of name -> `{"key": ms, "non_key": ms}`, medians. Models
        without key frames have one number for both.
    """
    frames = np.random.default_rng(0).integers(
        0, 256, (2, 1, height, width, 3), dtype=np.uint8
    )
    # Every stream alternates: a key frame, then one that is none.
    streams = {
        name: VideoStream(model, FixedInterval(2))
        for name, model in models.items()
    }
    times = {name: {True: [], False: []} for name in models}
    for turn in range(rounds + 2):
        for name, stream in streams.items():
            for frame in frames:
                start = time.perf_counter()
                stream(frame)
                elapsed = (time.perf_counter() - start) * 1000
                if turn >= 2:
                    times[name][stream.is_key].append(elapsed)
    return {
        name: {
            "key": statistics.median(by_kind[True]),
            "non_key": statistics.median(by_kind[False] or by_kind[True]),
        }
        for name, by_kind in times.items()
    }
