"""The labels that candidates are compared with."""

import dataclasses
import time

import numpy as np

from accel_tf.planning.at_size import AtSize
from accel_tf.planning.scores import AgainstReference
from accel_tf.segmentation.options import SegmentOptions
from accel_tf.streaming import FixedInterval, VideoStream

_SHARE = 0.15
"""Of the time of the whole plan that the reference may take."""


@dataclasses.dataclass(frozen=True)
class Reference:
    """What labelled the windows.

    Attributes:
        name: text of the model.
        model_size: `(height, width)` of the frames that it saw.
        frames: how many.
        seconds: what that took.
    """

    name: str
    model_size: tuple
    frames: int
    seconds: float


def costliest(models, size):
    """The model with the most multiply-additions of a key frame.

    One with random weights only if there is no other.

    Args:
        models: dict of `ModelName` -> what `form` made of it.
        size: `(height, width)` of the video.

    Returns:
        `ModelName`.
    """

    def cost(name):
        adapted = AtSize(models[name], SegmentOptions())
        try:
            seen = adapted.seen_size(size)
            return models[name].multiply_adds(*seen)["key"] or 0
        except ValueError:
            return 0

    taught = [name for name in models if not name.is_random]
    return max(taught or models, key=cost)


def label_windows(name, model, sample, seconds):
    """Lets a model label windows, every frame being a key frame.

    Args:
        name: text of the model.
        model: what `form` made of it.
        sample: `Sample`.
        seconds: of the whole plan; as many windows are labelled as fit into a
            share of it, and one at least.

    Returns:
        `(scorer, reference)`: `AgainstReference` and `Reference`.

    Raises:
        ValueError: if the model cannot take these frames.
    """
    start = time.perf_counter()
    adapted = AtSize(model, SegmentOptions())
    stream = VideoStream(adapted, FixedInterval(1))
    stream(sample.windows[0][:1])  # compiles
    sequences = []
    for window in sample.windows:
        begin = time.perf_counter()
        sequences.append(_labelled(stream, window))
        now = time.perf_counter()
        if now - start + (now - begin) > _SHARE * seconds:
            break
    reference = Reference(
        name,
        adapted.seen_size(sample.size),
        sum(len(each["frames"]) for each in sequences),
        time.perf_counter() - start,
    )
    return AgainstReference(sequences, model.label_map.names), reference


def _labelled(stream, window):
    stream.reset_state()
    labels = np.stack([stream(frame[None])[0] for frame in window])
    return {
        "frames": window,
        "labels": labels[..., None],
        "label_positions": range(len(window)),
    }
