"""Accuracy of segmenters on labelled sequences, by the paper's protocol.

Accel, CVPR 2019, section 4, and the authors' `demo.py`: for a labelled frame
a window of frames is run whose first is a key frame; one confusion matrix is
pooled over all labelled frames.
"""

import dataclasses
import math

import numpy as np

from accel_tf.evaluation.plan import check_mode
from accel_tf.evaluation.runner import make_runs, run_sequence
from accel_tf.metrics import (
    TemporalConsistency,
    iou_per_class,
    mean_iou,
    pixel_accuracy,
)
from accel_tf.metrics.temporal_consistency import KINDS
from accel_tf.streaming import KeyframePolicy


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What a model scored.

    Attributes:
        interval: frames from one key frame to the next, on average where a
            policy chose them; 1 for a model without key frames.
        mode: as given to `evaluate`.
        confusion_by_distance: dict of the distance from the key frame, in
            frames -> int64 `[classes, classes]`, rows are true classes of
            the data; one more column where a model can give no class.
        frames: how often a labelled frame was scored.
        skipped: how often one was not, because the sequence has fewer
            frames before it than the distance asks for.
        temporal: `TemporalConsistency`, or `None` if it was not asked for.
        key_frame_share: of key frames among all frames, in the mode
            `"stream"`; `None` in others and without key frames.
        frame_scores: tuple of each scored frame's mean IoU, of the classes
            that are in its labels.
        policy: name of the class that chose the key frames, or `None` for a
            fixed interval.
        steady: as of `VideoStream`.
    """

    interval: int
    mode: str
    confusion_by_distance: dict
    frames: int
    skipped: int
    temporal: TemporalConsistency | None = None
    key_frame_share: float | None = None
    frame_scores: tuple = ()
    policy: str | None = None
    steady: bool | int | str = False

    @property
    def worst_frame_mean_iou(self):
        """Of the frame with the lowest mean IoU, 0..1; NaN of none."""
        return min(self.frame_scores, default=math.nan)

    @property
    def low_frame_mean_iou(self):
        """What 95 % of the frames reach, 0..1; NaN of none."""
        if not self.frame_scores:
            return math.nan
        return float(np.quantile(self.frame_scores, 0.05))

    @property
    def change_by_kind(self):
        """dict of the kind of frame -> share of the labels that change there.

        Kinds are `"key"`, `"after_key"` and `"other"`, where the model has
        key frames; labels are followed along the flow from the frame before.
        0..1; NaN of what does not occur, and empty if `temporal` is `None`.
        """
        if self.temporal is None:
            return {}
        return {kind: self.temporal.change(kind) for kind in KINDS}

    @property
    def confusion(self):
        """The confusion matrix pooled over all distances."""
        return sum(self.confusion_by_distance.values())

    @property
    def iou_per_class(self):
        """float64 `[classes]`, 0..1; NaN for classes that do not occur."""
        return iou_per_class(self.confusion)

    @property
    def mean_iou(self):
        """Mean over the classes that occur, 0..1."""
        return mean_iou(self.confusion)

    @property
    def pixel_accuracy(self):
        """Share of the labelled pixels that are right, 0..1."""
        return pixel_accuracy(self.confusion)

    @property
    def mean_iou_by_distance(self):
        """dict of distance -> mean IoU, in the order of the distance."""
        return {
            distance: mean_iou(self.confusion_by_distance[distance])
            for distance in sorted(self.confusion_by_distance)
        }


def evaluate(model, sequences, interval, mode="average"):
    """Scores a model with a key frame every `interval` frames.

    Modes:

    - `"average"`: the i-th labelled frame of the split is scored at the
      distance `i % interval` from the key frame, where 0 is the key frame.
    - `"worst"`: every labelled frame is scored at the distance
      `interval - 1`, the greatest that occurs.
    - `"stream"`: every sequence is run from its first frame as a live stream
      would come; for densely labelled video.
    - `"every"`: every labelled frame is scored at each of the distances 0 to
      `interval - 1`.

    A model without key frames is the same at every interval. If it keeps a
    state, `interval` is the number of frames up to the labelled one that it
    sees, except in the mode `"stream"`.

    Args:
        model: a `VideoSegmenter`.
        sequences: iterable of sequences: dicts of `frames`, `labels` and
            `label_positions`, as from `accel_tf.data.sequences`. If it has
            `class_names`, these must be the model's, or such that
            `class_mapping` knows which is which.
        interval: 1 makes every frame a key frame. In the mode `"stream"` it
            may be a `KeyframePolicy`.
        mode: see above.

    Returns:
        `Evaluation`.

    Raises:
        ValueError: if an argument is out of range, model and data have
            different classes, or no labelled pixel could be scored.
    """
    return evaluate_together([(model, interval)], sequences, mode)[0]


def evaluate_together(
    runs,
    sequences,
    mode="average",
    temporal=False,
    on_progress=None,
    steady=False,
):
    """Scores several models, or one at several intervals, in one pass.

    Every image is decoded once, and the optical flow of temporal consistency
    is found once for all.

    Args:
        runs: list of `(model, interval)`, with intervals as for `evaluate`.
        sequences: as for `evaluate`.
        mode: as for `evaluate`.
        temporal: whether to measure temporal consistency, in the mode
            `"stream"` only: true, or one of
            `accel_tf.evaluation.choices.ESTIMATORS`, `"dis"` by default. The
            motion comes from the sequences' `flows` where they have them,
            else from OpenCV; never from a model.
        on_progress: called after each part of the work with the share of a
            sequence that it was; the sum is the number of sequences.
        steady: as of `VideoStream`, in the mode `"stream"` only, for the
            models with key frames.

    Returns:
        list of `Evaluation`, one a run.

    Raises:
        ValueError: as `evaluate`.
        ImportError: if flow is to be estimated and OpenCV is not installed.
    """
    adaptive = any(isinstance(each, KeyframePolicy) for _, each in runs)
    check_mode(mode, temporal, adaptive, steady)
    class_names = getattr(sequences, "class_names", None)
    on_progress = on_progress or (lambda share: None)
    estimator = temporal if isinstance(temporal, str) else "dis"
    runs = make_runs(runs, mode, bool(temporal), class_names, steady)
    number = 0
    for sequence in sequences:
        number += run_sequence(runs, sequence, number, on_progress, estimator)
    return [evaluation_of(run, mode) for run in runs]


def evaluation_of(run, mode):
    """The `Evaluation` of a `Run` over all sequences.

    Raises:
        ValueError: if no labelled pixel could be scored.
    """
    if not sum(matrix.sum() for matrix in run.confusions.values()):
        reason = "no labelled frame has a pixel of any class."
        if run.skipped and not run.frames:
            reason = (
                f"all {run.skipped} labelled frames have too few frames "
                "before them; use a smaller interval or another mode."
            )
        raise ValueError(
            f"{run.model.name} cannot be scored at the interval "
            f"{run.interval}: {reason}"
        )
    share = run.key_frame_share
    interval = run.interval if run.model.uses_key_frames else 1
    return Evaluation(
        interval if run.policy is None else 1 / share,
        mode,
        run.confusions,
        run.frames,
        run.skipped,
        run.temporal,
        share,
        tuple(run.frame_scores),
        run.policy and type(run.policy).__name__,
        run.stream.steady,
    )
