"""How near a student's labels are to its teacher's, frame by frame."""

import numpy as np
import tensorflow as tf

from accel_tf.data.label_maps import IGNORE
from accel_tf.metrics.mean_iou import confusion_matrix, mean_iou

_BATCH = 8  # Frames that are computed at once.


class DriveScorer:
    """Runs a student on the frames of a drive and counts.

        scorer = DriveScorer(model, space, drive)
        scorer.use(weights)
        scorer.add(0)
        scorer.mean_iou(since=20.0)

    As AMS does it, classes are those of the drive: the student chooses among
    them, and other labels do not count.

    Args:
        model: a per-frame `VideoSegmenter`; its weights are overwritten.
        space: its `ParameterSpace`.
        drive: `Drive`.
        kept: indices of frames whose labels are kept.

    Attributes:
        labels: dict of such an index -> uint8 `[H, W]`.
    """

    def __init__(self, model, space, drive, kept=()):
        self._space, self._drive = space, drive
        self._kept, self.labels = set(kept), {}
        self._classes = drive.classes
        self._places = np.full(256, IGNORE, np.uint8)
        self._places[self._classes] = np.arange(len(self._classes))
        count = len(self._classes)
        self._confusions = np.zeros((len(drive.times), count, count), np.int64)
        self._waiting = []

        @tf.function(reduce_retracing=True)
        def predict(frames):
            logits, _ = model.step(frames, {})
            return tf.argmax(tf.gather(logits, self._classes, axis=-1), -1)

        self._predict = predict

    def use(self, weights):
        """Frames that are added from now on are seen with these weights."""
        self._flush()
        self._space.write(weights)

    def add(self, index):
        """Counts the frame of this index."""
        self._waiting.append(index)
        if len(self._waiting) == _BATCH:
            self._flush()

    def _flush(self):
        if not self._waiting:
            return
        # Always as many, so that one program serves.
        padded = (self._waiting * _BATCH)[:_BATCH]
        predictions = self._predict(self._drive.frames[padded]).numpy()
        for index, labels in zip(self._waiting, predictions, strict=False):
            if index in self._kept:
                self.labels[index] = self._classes[labels].astype(np.uint8)
            self._confusions[index] = confusion_matrix(
                self._places[self._drive.labels[index]],
                labels,
                len(self._classes),
            )
        self._waiting = []

    # === Scores ===

    def mean_iou(self, since=0.0):
        """Of all frames together, from a time on.

        Args:
            since: seconds of the video.

        Returns:
            float, 0..1.
        """
        self._flush()
        late = self._drive.times >= since
        return float(mean_iou(self._confusions[late].sum(0)))

    def pixel_accuracy(self, since=0.0):
        """Share of right pixels, from a time on."""
        self._flush()
        total = self._confusions[self._drive.times >= since].sum(0)
        return float(np.trace(total) / total.sum())

    def over_time(self, window=10.0):
        """Mean IoU of the last seconds before every frame.

        Args:
            window: seconds.

        Returns:
            float64 `[T]`.
        """
        self._flush()
        times = self._drive.times
        return np.array(
            [
                mean_iou(
                    self._confusions[
                        (times > time - window) & (times <= time)
                    ].sum(0)
                )
                for time in times
            ]
        )

    def windowed(self, since=0.0, window=10.0):
        """The mean of `over_time` from a time on: the score of AMS' paper."""
        late = self._drive.times >= since
        return float(np.nanmean(self.over_time(window)[late]))
