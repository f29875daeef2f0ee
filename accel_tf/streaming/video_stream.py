"""The stateful key-frame wrapper."""

from accel_tf.frame_size import check_least
from accel_tf.models.signal_names import check_signals
from accel_tf.streaming.background_key import BackgroundKey, check_steady
from accel_tf.streaming.host_array import host_array
from accel_tf.streaming.keyframe_policies import FixedInterval, KeyframePolicy
from accel_tf.streaming.own_step import own_step


class VideoStream:
    """Segments a stream frame by frame and remembers what it needs.

        stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(5))
        for frame in frames:
            labels = stream(frame[None])

    On frames that are no key frames the deep network is not run. The first
    frame, the first after `reset_state` and the first of another shape are
    key frames. A batch holds streams that run in step.

    Args:
        model: a `VideoSegmenter`.
        policy: a `KeyframePolicy`; every fifth frame by default, as in the
            paper.
        keep_scores: whether `scores` holds those of the last frame. Labels
            alone take less time.
        steady: whether key frames are looked at in the background, so that
            all frames take the same time but the first of a scene (see
            `BackgroundKey`). A number is the frames from a key frame to the
            first that uses it, `True` the policy's usual interval, and
            "live" takes what a key frame gave as soon as it is there, so that
            labels depend on how fast the machine is.

    Raises:
        TypeError: if `policy` is no policy.
        ValueError: if scores are wanted of a model that gives labels alone,
            such as one in another runtime, the model classifies clips, it
            cannot tell a signal that the policy asks for, or its key frames
            cannot be steady.

    Attributes:
        scores: numpy float32 `[B, h, w, classes]` of the last frame, before a
            softmax, at the model's native stride; `None` before the first
            frame, and if they are not kept.
        is_key: whether the last frame was a key frame, as every frame of a
            model without key frames is; `None` before the first.
        is_cut: whether the policy took the last frame for the first of
            another scene; `None` before the first.
        frames_since_key: age of the key frame that the labels rest on, in
            frames; `None` before the first.
    """

    labels_any_size = True
    """Whether calls take the `size` of the labels."""

    def __init__(self, model, policy=None, keep_scores=False, steady=False):
        if hasattr(model, "class_names"):  # in whatever runtime
            raise ValueError(
                f"{model.name} classifies clips and segments no frames; take "
                "accel_tf.ClipStream."
            )
        self.model = model
        self.policy = FixedInterval(5) if policy is None else policy
        if not isinstance(self.policy, KeyframePolicy):
            raise TypeError(
                "policy must be a KeyframePolicy, such as FixedInterval(5), "
                f"got {policy!r}."
            )
        signals = tuple(self.policy.signals)
        check_signals(model, signals, type(self.policy).__name__)
        self.steady = steady
        check_steady(steady, model)
        self._step = _compiled(model, keep_scores, signals)
        self.reset_state()

    def reset_state(self):
        """Forgets the stream: the next frame is a key frame."""
        self.is_key = self.is_cut = None
        self.frames_since_key = None
        self.scores = None
        self._shape = None
        self._state = None
        self._frames_since_begun = None
        delay = (
            self.policy.usual_interval if self.steady is True else self.steady
        )
        self._background = delay and BackgroundKey(self._step, delay)
        self.policy.reset()

    @property
    def is_busy(self):
        """Whether the deep network is at work in the background."""
        return bool(self._background) and self._background.is_busy

    @property
    def trained_size(self):
        """`(height, width)` that the model was trained at; `None` if unknown.

        Frames that differ much from it in height should be brought to that
        scale, see `accel_tf.frame_size`.
        """
        return getattr(self.model, "trained_size", None)

    @property
    def trust(self):
        """How far the labels of the last frame are to be trusted.

        Of models that `accel_tf.propagate` or `accel_tf.smooth` made: 1 where
        the flow from the key frame is certain, 0 where it is not.

        Returns:
            numpy float32 `[B, h, w]` on the grid of the flow, 0..1; `None`
            before the first frame and of models that know nothing of it.
        """
        if self._state is None or "trust" not in self._state:
            return None
        return host_array(self._state["trust"])[..., 0]

    def __call__(self, frame, size=None):
        """Labels of the next frame.

        Args:
            frame: RGB 0..255, `[B, H, W, 3]`, uint8 or float.
            size: `(height, width)` of the labels, for frames that were made
                smaller; by default the frame's. Scores are enlarged before
                they become labels, so that edges have no stairs; those of a
                model that gives labels alone are rounded.

        Returns:
            numpy uint8 `[B, H, W]`, or of `size`.

        Raises:
            ValueError: if `frame` has another shape or is too small for the
                model; the stream goes on as if it had not been called.
        """
        shape = tuple(frame.shape)
        if len(shape) != 4 or shape[-1] != 3 or 0 in shape:
            raise ValueError(
                f"frame must be [B, H, W, 3] (RGB), got shape {shape}."
            )
        resized = shape != self._shape
        if resized:
            check_least(shape[1:3], self.model)
        is_cut = bool(self.policy.is_cut(frame)) and not resized
        begins = resized or is_cut
        late = None
        if self._background and not begins:
            late = self._background.ready_state()
        is_key = self._is_key(frame, begins, late)
        looks = is_key and (begins or not self._background)
        if begins:
            state = self.model.initial_state(*shape[:3])
        else:
            state = self._state if late is None else late
        labels, scores, state, signals = self._step(frame, state, looks, size)
        labels = host_array(labels)
        scores = None if scores is None else host_array(scores)
        # Only now that the step has succeeded is anything remembered.
        if resized:
            self.policy.reset()
        signals = {name: host_array(value) for name, value in signals.items()}
        self.policy.observe(is_key, signals)
        self._count(looks, is_key, late is not None)
        if is_key and not looks:
            state_before = self.model.initial_state(*shape[:3])
            self._background.begin(frame, state_before)
        self._shape, self._state, self.scores = shape, state, scores
        self.is_key, self.is_cut = is_key, is_cut
        return labels

    def _is_key(self, frame, begins, late):
        """Whether the deep network is to look at a frame."""
        if begins or not self.model.uses_key_frames:
            return True
        if self._background and self._background.is_under_way and late is None:
            return False
        return bool(self.policy.is_key(frame, self._frames_since_begun + 1))

    def _count(self, looks, is_key, is_late):
        """Counts a frame.

        Args:
            looks: whether the deep network has looked at it.
            is_key: whether it has, or will.
            is_late: whether the frame was the first to use a key frame of the
                background.
        """
        age = self._background.age if is_late else self.frames_since_key
        self.frames_since_key = 0 if looks else age + 1
        begun = self._frames_since_begun
        self._frames_since_begun = 0 if is_key else begun + 1
        if self._background:
            self._background.pass_frame(looks or is_late)


def _compiled(model, keep_scores, signals):
    if hasattr(model, "compile_step"):
        return own_step(model, keep_scores)
    # Models in other runtimes need no Keras.
    from accel_tf.streaming.compiled_step import compile_step

    return compile_step(model, keep_scores, signals)
