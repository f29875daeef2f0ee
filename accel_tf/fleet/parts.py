"""Where a long video can be cut without changing one label."""

import dataclasses

import numpy as np

from accel_tf.segmentation.frames import EARLY
from accel_tf.streaming.keyframe_policies import FixedInterval
from accel_tf.video.part_reader import Span


@dataclasses.dataclass(frozen=True)
class Restart:
    """Where a stream can begin anew as if it had not.

    Attributes:
        period: frames of the stream; it can at multiples of this.
        warm_up: frames before, whose labels are not the same yet.
    """

    period: int
    warm_up: int = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """A part of a video.

    Attributes:
        number: from 0.
        first, end: of its frames among those that are segmented.
        warm_up: frames that are segmented before, and not kept.
        span: `Span`, of the file, the warm-up included.
    """

    number: int
    first: int
    end: int
    warm_up: int
    span: Span


def find_restart(stream, frame_size):
    """Where a `VideoStream` can begin anew.

    Args:
        stream: a `VideoStream`.
        frame_size: `(height, width)` of the frames that it sees.

    Returns:
        `Restart`, or a str: why there is none.
    """
    model, policy = stream.model, stream.policy
    if type(policy) is not FixedInterval:
        return "key frames depend on the frames before (cuts or adaptive)"
    if stream.steady:
        return "the stream is steady"
    if model.uses_key_frames:
        if getattr(model, "key_frames_ask_state", False):
            return "labels are smoothed over time"
        return Restart(policy.interval)
    if not model.initial_state(1, *frame_size):
        return Restart(1)
    period = getattr(model, "restart_period", None)
    if period is None:
        return f"{model.name} remembers all frames before"
    return Restart(period, period)


def plan_parts(index, restart, length, start=0.0, end=None, stride=1):
    """Cuts a video into parts of about a length.

    A part begins where the stream can begin anew; where that is near, after
    a frame from which decoding can begin, too.

    Args:
        index: `FrameIndex` of the file.
        restart: `Restart`.
        length: frames of a part.
        start, end, stride: as for `wanted_frames`.

    Returns:
        list of `Part`; of one or none if there is nothing to cut.
    """
    late = index.times >= start - EARLY
    early = True if end is None else index.times < end
    taken = np.flatnonzero(late & early)[::stride]
    if not len(taken):
        return []
    cuts = _cuts(taken, index.restarts, restart.period, length)
    reads = [max(0, cut - restart.warm_up) for cut in cuts]
    parts = []
    for number, (first, stop) in enumerate(
        zip(cuts, [*cuts[1:], len(taken)], strict=True)
    ):
        begin = taken[reads[number]]
        frames = slice(begin, taken[stop - 1] + 1)
        checked = None
        if number + 1 < len(cuts):
            checked = int(index.stamps[taken[reads[number + 1]]])
        span = Span(
            int(begin), index.stamps[frames], index.times[frames], checked
        )
        parts.append(Part(number, first, stop, first - reads[number], span))
    return parts


def _cuts(taken, restarts, period, length):
    """Positions in `taken` where parts begin, from 0."""
    cuts, tolerance = [0], length // 4
    # From these on, reading begins with a frame that decodes by itself.
    places = np.searchsorted(taken, restarts)
    while True:
        target = cuts[-1] + length
        nearest = np.searchsorted(places, target)
        if nearest < len(places) and places[nearest] <= target + tolerance:
            target = int(places[nearest])
        target = -(-target // period) * period
        # A short rest stays with the part before.
        if target > len(taken) - max(tolerance, 1):
            return cuts
        cuts.append(target)
