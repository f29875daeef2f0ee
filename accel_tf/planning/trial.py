"""One candidate on this machine: its times, its labels, its rate."""

import time

from accel_tf.benchmark.timed_stream import TimedStream
from accel_tf.planning.at_size import AtSize
from accel_tf.planning.beside import frames_of_a_run, run_video
from accel_tf.runtimes.export import prepare_runtime
from accel_tf.segmentation.frames import resized
from accel_tf.segmentation.options import SegmentOptions
from accel_tf.streaming import FixedInterval, SceneCuts, VideoStream

_TIMED_FRAMES = 12
_TIMED_SECONDS = 3.0


class Trial:
    """A `Variant` that is ready to run on a video.

    Args:
        variant: `Variant`.
        model: what `form` made of it, not yet in its runtime.
        sample: `Sample`.
        scorer: `AgainstReference` or `OnData`.
        threads: of another runtime than TensorFlow; `None` for its choice.

    Attributes:
        model_size: `(height, width)` of the frames that the model sees.
        start_seconds: what conversion and compilation took.

    Raises:
        ValueError, OSError, ImportError: one line, if the model does not run
            so.
    """

    def __init__(self, variant, model, sample, scorer, threads=None):
        start = time.perf_counter()
        self._sample, self._scorer = sample, scorer
        self._options = SegmentOptions(size=variant.size)
        self._model = prepare(variant, model, sample.source, threads)
        adapted = AtSize(self._model, self._options)
        self.model_size = adapted.seen_size(sample.size)
        # Neighbours, for what optical flow costs depends on what they show.
        frames = [
            resized(frame, self.model_size)[None] for frame in sample.windows[0]
        ]
        self._timed = TimedStream(self._model, frames, 2, sample.size)
        self._timed.first_frames()
        self.start_seconds = time.perf_counter() - start

    def time_first(self):
        """Times of a key frame and the next one, right after the compilation.

        Returns:
            dict of `"key"` and `"non_key"` -> list of wall-clock seconds of
            a frame, from resized frame to labels of the video's size; without
            key frames `"non_key"` is empty.
        """
        return _wall(self._timed.time_frames(2))

    def time_more(self):
        """The same of some more frames, after a warm-up."""
        self._timed.warm_up()
        times = {"key": [], "non_key": []}
        start = time.perf_counter()
        for _ in range(_TIMED_FRAMES // 2):
            for kind, values in self.time_first().items():
                times[kind] += values
            if time.perf_counter() - start > _TIMED_SECONDS:
                break
        return times

    def score(self, intervals):
        """dict of interval -> `Score`.

        Args:
            intervals: frames from one key frame to the next.

        Raises:
            ValueError: if its classes are others than those to compare with.
        """
        return self._scorer.score(self._model, self._options, intervals)

    def run(self, interval, rate):
        """Frames per second of `accel-tf segment` on the video's beginning.

        Args:
            interval: frames from one key frame to the next.
            rate: frames per second that are expected.
        """
        policy = SceneCuts(FixedInterval(interval))
        stream = VideoStream(self._model, policy)
        frames = frames_of_a_run(self._sample, interval, rate)
        report = run_video(
            self._sample,
            stream,
            self._model.label_map,
            frames,
            size=self._options.size,
        )
        return report.rate


def prepare(variant, model, video, threads=None):
    """A model in the runtime of a `Variant`, as `accel-tf segment` has it."""
    if variant.is_saved:
        return prepare_runtime(model, threads=threads)
    if variant.runtime == "tensorflow":
        return prepare_runtime(model, precision=variant.precision)
    return prepare_runtime(
        model,
        variant.runtime,
        variant.precision,
        video if variant.precision == "int8" else None,
        threads,
    )


def _wall(times):
    return {kind: [wall for wall, _ in each] for kind, each in times.items()}
