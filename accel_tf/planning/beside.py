"""What segmenting a video takes, as `accel-tf segment` does it."""

import dataclasses
import os
import pathlib
import tempfile
import time

import numpy as np

from accel_tf.segment import segment_stream

_LEAST_FRAMES = 12
_SECONDS = 4.0
"""How long a run goes on at least, as far as the video does."""


@dataclasses.dataclass(frozen=True)
class Beside:
    """What a frame takes beside the model, in milliseconds.

    Attributes:
        wall: from one frame to the next without a model.
        processor: of all threads.
        cores: that these threads may use.
    """

    wall: float
    processor: float
    cores: int

    @property
    def share(self):
        """Milliseconds that the model waits for these threads."""
        return self.processor / self.cores

    def frame(self, step):
        """What a frame takes with a model, in milliseconds.

        Reading, drawing and writing have threads of their own, which share
        the processor with the model.

        Args:
            step: milliseconds of the model.
        """
        return max(step + self.share, self.wall)


def cores():
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def measure_beside(sample, size, label_map):
    """Segments the beginning of a video with a model that costs nothing.

    Args:
        sample: `Sample`.
        size: `(height, width)` that a model would see.
        label_map: of the labels that are drawn.

    Returns:
        `Beside`.
    """
    stream = _NoModel(sample.size)
    # The encoder starts with the first frames.
    run_video(sample, stream, label_map, 3, size=size, stretch=True)
    processor = time.process_time()
    report = run_video(sample, stream, label_map, 60, size=size, stretch=True)
    processor = time.process_time() - processor
    wall = report.seconds / report.frames
    return Beside(1000 * wall, 1000 * processor / report.frames, cores())


def run_video(sample, stream, label_map, frames, **options):
    """Segments the beginning of a video and forgets what was written.

    Args:
        sample: `Sample`.
        stream: `VideoStream` or what is called like one.
        label_map: of its labels.
        frames: how many.
        **options: of `SegmentOptions`.

    Returns:
        `SegmentReport`.
    """
    with tempfile.TemporaryDirectory() as folder:
        return segment_stream(
            stream,
            label_map,
            sample.source,
            pathlib.Path(folder, "segmented.mp4"),
            progress=False,
            on_note=lambda line: None,
            end=(frames - 0.5) / sample.frame_rate,
            **options,
        )


def frames_of_a_run(sample, interval, rate):
    """How many frames tell whether a rate is kept.

    Args:
        sample: `Sample`.
        interval: frames from one key frame to the next.
        rate: frames per second that are expected.
    """
    wanted = max(_LEAST_FRAMES, 3 * interval + 2, round(_SECONDS * rate))
    return min(wanted, sample.frame_count or wanted)


class _NoModel:
    """A stream that gives the same labels again and again."""

    is_key = True
    labels_any_size = True

    def __init__(self, size):
        # Bands, so that there is something to draw.
        rows = np.arange(size[0], dtype=np.uint8)[:, None] // 64 % 2
        self._labels = np.broadcast_to(rows, size).copy()

    def __call__(self, frame, size):
        return self._labels[None]

    def reset_state(self):
        """There is nothing to forget."""
