"""Who decides that a frame is a key frame."""

import operator


class KeyframePolicy:
    """Decides from frame to frame; the first of a stream is always one.

    Of each frame a stream asks, in this order: `is_cut`; `is_key`, unless the
    frame is one anyway; and when the frame is segmented it calls `observe`.
    A policy of one's own needs `is_key` alone.
    """

    signals = ()
    """Names of `accel_tf.models.signals.SIGNALS` that `observe` is to get."""

    usual_interval = 5
    """Frames from one key frame to the next, on average."""

    def is_cut(self, frame):
        """Whether a new scene begins with `frame`.

        The stream then forgets all that was before, and the frame is a key
        frame.

        Args:
            frame: as of `is_key`.

        Returns:
            bool.
        """
        return False

    def is_key(self, frame, frames_since_key):
        """Whether `frame` is to be a key frame.

        Args:
            frame: the frame, `[B, H, W, 3]`.
            frames_since_key: int; 1 for the frame after a key frame.

        Returns:
            bool.
        """
        raise NotImplementedError  # abstract

    def observe(self, is_key, signals):
        """Learns what came of the frame that it was asked about last.

        Args:
            is_key: whether it was a key frame.
            signals: dict of name -> numpy float32 `[B]`, those of `signals`;
                zeros on a key frame.
        """

    def reset(self):
        """Forgets the stream; called when it starts anew."""


class FixedInterval(KeyframePolicy):
    """A key frame every `interval` frames (Accel, section 3.1).

    Args:
        interval: 1 makes every frame a key frame.

    Raises:
        ValueError: if `interval` is not a whole number of at least 1.
    """

    def __init__(self, interval):
        try:
            self.interval = operator.index(interval)
        except TypeError:
            self.interval = 0
        if self.interval < 1:
            raise ValueError(
                f"interval must be a whole number, 1 or more, got {interval}."
            )

    @property
    def usual_interval(self):
        return self.interval

    def is_key(self, frame, frames_since_key):
        return frames_since_key >= self.interval
