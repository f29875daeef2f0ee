"""How well signals tell what carried labels have lost."""

import numpy as np
import tqdm

from accel_tf.evaluation.map_classes import class_mapping
from accel_tf.metrics import confusion_matrix, pixel_accuracy
from accel_tf.streaming.compiled_step import compile_step

DISTANCES = range(1, 11)


def study_signals(model, sequences, every=2):
    """Rank correlations of signals with the loss of accuracy.

    Of each distance by itself, for all get worse with the distance; then their
    mean.

    Args:
        model: a `VideoSegmenter` with key frames.
        sequences: as from `accel_tf.data.sequences`, every frame labelled.
        every: of how many frames one is tried as the key frame.

    Returns:
        list of dicts of `signal`, `summed` (since the key frame, or only the
        last frame's) and `correlation`.
    """
    names = tuple(model.signals)
    step = compile_step(model, signals=names)
    lost = {distance: [] for distance in DISTANCES}
    told = {distance: [] for distance in DISTANCES}
    for sequence in sequences:
        starts = range(0, len(sequence["frames"]) - max(DISTANCES), every)
        for start in tqdm.tqdm(starts, desc=model.name, unit=" key frames"):
            for distance, loss, signals in _carry(
                model, step, sequence, start, sequences.class_names
            ):
                lost[distance].append(loss)
                told[distance].append([signals[name] for name in names])
    return [
        {
            "signal": name,
            "summed": bool(summed),
            "correlation": float(
                np.mean(
                    [
                        _rank_correlation(
                            np.array(told[each])[:, index, int(summed)],
                            lost[each],
                        )
                        for each in DISTANCES
                    ]
                )
            ),
        }
        for index, name in enumerate(names)
        for summed in (False, True)
    ]


def _carry(model, step, sequence, start, class_names):
    """For each distance the loss, and of each signal its value and sum."""
    mapping = class_mapping(model, class_names)
    state = model.initial_state(1, *sequence["frames"][start].shape[:2])
    sums = dict.fromkeys(model.signals, 0.0)
    accuracy = None
    for distance in range(max(DISTANCES) + 1):
        frame = np.asarray(sequence["frames"][start + distance])
        truth = np.asarray(sequence["labels"][start + distance])[..., 0]
        labels, _, state, signals = step(frame[None], state, distance == 0)
        labels = np.asarray(labels)[0]
        labels = labels if mapping is None else mapping[labels]
        now = pixel_accuracy(
            confusion_matrix(truth, labels, len(class_names), with_none=True)
        )
        values = {name: float(np.mean(x)) for name, x in signals.items()}
        sums = {name: sums[name] + values[name] for name in sums}
        if distance == 0:
            accuracy = now
            continue
        pairs = {name: (values[name], sums[name]) for name in sums}
        yield distance, accuracy - now, pairs


def _rank_correlation(first, second):
    ranks = [np.argsort(np.argsort(x)) for x in (first, second)]
    return np.corrcoef(*ranks)[0, 1]
