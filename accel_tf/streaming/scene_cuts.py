"""Key frames where a new scene begins."""

from accel_tf.streaming.cut_rule import CutRule, thumbnail
from accel_tf.streaming.host_array import host_array
from accel_tf.streaming.keyframe_policies import KeyframePolicy


class SceneCuts(KeyframePolicy):
    """Makes the first frame after a cut a key frame, and forgets the scene.

        policy = accel_tf.SceneCuts(accel_tf.FixedInterval(5))
        stream = accel_tf.VideoStream(model, policy)

    Up to `interval - 1` frames after a cut would otherwise be carried from
    another scene. The stream begins anew there, of models without key frames
    too: the labels are those of a stream that starts with that frame.
    `stream.is_cut` says where it happened.

    Frames are compared as grey thumbnails without their shading, at the shift
    that fits best (see `accel_tf.streaming.cut_rule`), so that flashes,
    changes of exposure and pans are none, as far as the picture is still to
    be made out. What fades over several frames is no cut, unless it fades
    through black or white. A batch holds streams that run in step; a cut in
    one of them is one for all.

    Args:
        policy: the `KeyframePolicy` that decides about the other frames.
            What it counts over a longer time, such as the share of key
            frames, goes on over a cut.

    Raises:
        TypeError: if `policy` is none.
    """

    def __init__(self, policy):
        if not isinstance(policy, KeyframePolicy):
            raise TypeError(
                "policy must be a KeyframePolicy, such as FixedInterval(5), "
                f"got {policy!r}."
            )
        self.policy = policy
        self.rule = CutRule()
        self._state = self._next = None

    @property
    def signals(self):
        return self.policy.signals

    @property
    def usual_interval(self):
        return self.policy.usual_interval

    def is_cut(self, frame):
        pictures = thumbnail(host_array(frame))
        state = self._state
        if state is None or len(state["usual"]) != len(pictures):
            state = self.rule.start(len(pictures))
        is_cut, self._next = self.rule.compare(state, pictures)
        return bool(is_cut.any()) or self.policy.is_cut(frame)

    def is_key(self, frame, frames_since_key):
        return self.policy.is_key(frame, frames_since_key)

    def observe(self, is_key, signals):
        self._state = self._next
        self.policy.observe(is_key, signals)

    def reset(self):
        self._state = None
        self.policy.reset()
