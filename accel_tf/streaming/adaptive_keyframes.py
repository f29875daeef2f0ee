"""Key frames where they pay."""

import operator

import numpy as np

from accel_tf.streaming.adaptive_rule import SIGNAL, AdaptiveRule
from accel_tf.streaming.keyframe_policies import KeyframePolicy

_LONGEST = 4  # intervals of the usual length


class AdaptiveKeyframes(KeyframePolicy):
    """As many key frames as wanted on average, where the scene changes most.

        policy = accel_tf.AdaptiveKeyframes(target_share=0.2)
        stream = accel_tf.VideoStream(model, policy)

    It looks at how well the frames before fitted the flow, and so decides
    from the past alone, one frame late; for cuts see `SceneCuts`. Key frames
    that a standing scene saves are spent on turns and on what appears. On a
    long video the share is what was wanted: no more than `max_debt` key
    frames are taken in advance, and what is saved is spent sooner or later.

    Args:
        target_share: of key frames among all, above 0 and at most 1; 0.2
            costs what a fixed interval of 5 does.
        min_interval: frames from one key frame to the next at least.
        max_interval: the same at most; four times the mean by default.
        max_debt: key frames that may be taken in advance.

    Raises:
        ValueError: if an argument is out of range, or the intervals do not
            allow the share.
    """

    signals = (SIGNAL,)

    def __init__(
        self, target_share=0.2, min_interval=1, max_interval=None, max_debt=5
    ):
        if not _is_share(target_share):
            raise ValueError(
                "target_share must be above 0 and at most 1, such as 0.2, got "
                f"{target_share!r}."
            )
        mean = 1 / target_share
        if max_interval is None:
            max_interval = round(_LONGEST * mean)
        self.rule = AdaptiveRule(
            float(target_share),
            _count("min_interval", min_interval),
            _count("max_interval", max_interval),
            _count("max_debt", max_debt),
        )
        if not min_interval <= mean * (1 + 1e-6) or max_interval < mean - 1e-6:
            raise ValueError(
                f"a share of {target_share:g} is a key frame every {mean:g} "
                "frames on average; min_interval and max_interval must leave "
                f"room for that, got {min_interval} and {max_interval}."
            )
        self.reset()

    @property
    def target_share(self):
        """Of key frames among all."""
        return self.rule.target_share

    @property
    def usual_interval(self):
        return round(1 / self.target_share)

    def is_key(self, frame, frames_since_key):
        return bool(self.rule.is_due(self._state, frames_since_key))

    def observe(self, is_key, signals):
        self._state = self.rule.after(
            self._state, np.bool_(is_key), signals[SIGNAL]
        )

    def reset(self):
        self._state = self.rule.start()


def _is_share(value):
    return (
        isinstance(value, int | float | np.floating)
        and not isinstance(value, bool)
        and 0 < value <= 1
    )


def _count(name, value):
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(
            f"{name} must be a whole number, 1 or more, got {value!r}."
        )
    return number
