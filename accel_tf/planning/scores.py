"""How good the labels of a candidate are."""

import dataclasses

import numpy as np

from accel_tf.evaluation.protocol import evaluate_together
from accel_tf.metrics import iou_per_class, pixel_accuracy
from accel_tf.planning.at_size import AtSize

_DATA_FRAMES = 24
_LEAST_SHARE = 0.001
"""Of the pixels, of a class that counts: what is rarer in the labels of a
model is mostly noise, and would weigh as much as the road."""


@dataclasses.dataclass(frozen=True)
class Score:
    """Shares from 0 to 1.

    Attributes:
        pixels: that have the right label, or that of the reference.
        mean_iou: over the classes that occur; of a reference, over those of a
            thousandth of its pixels or more.
    """

    pixels: float
    mean_iou: float


class AgainstReference:
    """Scores by the labels that a reference gives.

    Each window is run once, from a key frame on. The frames up to the
    distance `interval - 1` from it stand for a stream with that interval.

    Args:
        sequences: list of dicts of `frames`, `labels` and `label_positions`,
            as for `evaluate_together`.
        class_names: of the reference.
    """

    def __init__(self, sequences, class_names):
        self._sequences = _Sequences(sequences)
        self._sequences.class_names = tuple(class_names)

    def frames(self, intervals):
        """`(key, others)`: how many frames `score` runs."""
        key = len(self._sequences)
        return key, sum(len(x["frames"]) for x in self._sequences) - key

    def score(self, model, options, intervals):
        """dict of interval -> `Score`.

        Args:
            model: what `VideoStream` takes.
            options: `SegmentOptions`, which say at which size it sees frames.
            intervals: frames from one key frame to the next.

        Raises:
            ValueError: if the classes are others than the reference's.
        """
        length = max(len(x["frames"]) for x in self._sequences)
        (evaluation,) = evaluate_together(
            [(AtSize(model, options), length)], self._sequences, "stream"
        )
        confusions = evaluation.confusion_by_distance
        near = {
            interval: sum(confusions[n] for n in confusions if n < interval)
            for interval in intervals
        }
        return {
            interval: Score(pixel_accuracy(counts), _usual_iou(counts))
            for interval, counts in near.items()
        }


class OnData:
    """Scores by the labels of a data set.

    Args:
        data, data_dir, split: as for `evaluate_systems`.

    Attributes:
        name: of the data set.
        count: how many labelled frames are looked at.
    """

    def __init__(self, data, data_dir=None, split="validation"):
        from accel_tf.data.builders import prepared_builder
        from accel_tf.data.sequences import read_sequences

        builder = prepared_builder(data, data_dir)
        sequences = read_sequences(builder, split)
        self.name = f"{builder.info.full_name}, {split}"
        self._sequences = _Sequences(_some_labels(sequences, _DATA_FRAMES))
        self._sequences.class_names = sequences.class_names
        self.count = sum(len(x["labels"]) for x in self._sequences)

    def frames(self, intervals):
        """`(key, others)`: about how many frames `score` runs."""
        others = sum((interval - 1) / 2 for interval in intervals)
        return self.count * len(intervals), self.count * others

    def score(self, model, options, intervals):
        """dict of interval -> `Score`; as that of `AgainstReference`.

        A labelled frame is at a distance from the key frame that changes from
        frame to frame, see the mode `"average"` of
        `accel_tf.evaluation.evaluate`.
        """
        adapted = AtSize(model, options)
        results = evaluate_together(
            [(adapted, interval) for interval in intervals],
            self._sequences,
            "average",
        )
        return {
            interval: Score(result.pixel_accuracy, result.mean_iou)
            for interval, result in zip(intervals, results, strict=True)
        }


class _Sequences(list):
    """With `class_names`, as `evaluate_together` takes them."""


def _usual_iou(confusion):
    """Mean IoU over the classes that the reference sees more than rarely."""
    pixels = confusion.sum(axis=1)
    usual = pixels >= _LEAST_SHARE * pixels.sum()
    return float(iou_per_class(confusion)[usual].mean())


def _some_labels(sequences, count):
    """The first sequences, with labels spread evenly over each."""
    share = -(-count // len(sequences))
    chosen = []
    for sequence in sequences:
        positions = sequence["label_positions"]
        numbers = np.unique(
            np.linspace(0, len(positions) - 1, min(share, len(positions)))
            .round()
            .astype(int)
        )
        chosen.append(
            {
                "frames": sequence["frames"],
                "labels": [sequence["labels"][n] for n in numbers],
                "label_positions": [int(positions[n]) for n in numbers],
            }
        )
        count -= len(numbers)
        if count <= 0:
            break
    return chosen
