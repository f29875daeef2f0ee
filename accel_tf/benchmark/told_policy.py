"""Key frames when the one who measures wants them."""

from accel_tf.streaming import KeyframePolicy


class ToldPolicy(KeyframePolicy):
    """Takes the next frame for what it has been told.

    Attributes:
        next_is_key: bool.
    """

    next_is_key = True

    def is_key(self, frame, frames_since_key):
        return self.next_is_key
