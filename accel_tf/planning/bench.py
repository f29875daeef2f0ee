"""What measures the candidates of a plan."""

from accel_tf.planning.at_size import AtSize
from accel_tf.planning.beside import measure_beside
from accel_tf.planning.results import Result
from accel_tf.planning.trial import Trial
from accel_tf.segmentation.options import SegmentOptions


class Bench:
    """The models, the video and the measure of their labels.

    Args:
        models: dict of `ModelName` -> what `form` made of it.
        sample: `Sample`.
        scorer: `AgainstReference` or `OnData`.
        threads: of other runtimes than TensorFlow; `None` for their choice.
        lower: the same as `models` in bfloat16, as far as that can be.
    """

    def __init__(self, models, sample, scorer, threads=None, lower=None):
        self._models, self._sample = models, sample
        self._lower = lower or {}
        self._scorer, self._threads = scorer, threads
        self._beside = {}

    def describe(self, variant):
        """The `Result` of a `Variant` before it was measured."""
        model = self._models[variant.name]
        try:
            options = SegmentOptions(size=variant.size)
            size = AtSize(model, options).seen_size(self._sample.size)
            cost = model.multiply_adds(*size)
        except ValueError:  # Programs for other sizes; told when they start.
            cost = {"key": None, "non_key": None}
        return Result(
            variant,
            {kind: cost[kind] for kind in ("key", "non_key")},
            model.uses_key_frames,
        )

    def start(self, result):
        """The `Trial` of a `Result`, which learns of its size and start.

        Raises:
            ValueError, OSError, ImportError: as `Trial`.
        """
        variant = result.variant
        is_lower = variant.precision == "bfloat16" and not variant.is_saved
        model = (self._lower if is_lower else self._models)[variant.name]
        trial = Trial(variant, model, self._sample, self._scorer, self._threads)
        size = result.model_size = trial.model_size
        result.start_seconds = trial.start_seconds
        if size not in self._beside:
            self._beside[size] = measure_beside(
                self._sample, size, model.label_map
            )
        result.beside = self._beside[size]
        return trial

    def scored_frames(self, intervals):
        """`(key, others)`: how many frames a trial's scores take."""
        return self._scorer.frames(intervals)
