"""A clip classifier on a live video."""

import numpy as np
from keras import ops

from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.streaming.clip_steps import CausalStep, RecentStep, WindowStep
from accel_tf.streaming.compiled_clip_step import compile_clip_step

MODES = ("window", "recent", "causal")


class ClipStream:
    """Classifies what happens in a live video, frame by frame.

        stream = accel_tf.ClipStream(model, step=5)
        for frame in frames:
            probabilities = stream(frame[None])
            if probabilities is not None:
                print(model.class_names[probabilities[0].argmax()])

    Each frame that counts moves a window of the last `model.frames` of them.
    There are three modes:

    - `"window"`: exactly `model.probabilities(clip)` of the window. What
      does not depend on the rest of it is kept from the window before; most
      of the work is done anew.
    - `"recent"`: the `recent` newest frames are computed anew, with what the
      older ones gave when they were new. A share of the work, and another
      result: the first window is exact, the following ones are near it.
    - `"causal"`: the work of one frame, by a classifier made with
      `causal=True`: `model.probabilities(clip)` of all frames so far.

    Before the window is full there are no probabilities, but `"causal"` has
    them from the first frame on. A batch holds streams that run in step. The
    first frame of another shape begins a new stream.

    Args:
        model: a `ClipClassifier`.
        mode: one of these; by default `"causal"` for causal classifiers, else
            `"window"`.
        step: frames of the video from one that counts to the next, as the
            model was trained; it need not be whole. What does not count
            costs nothing and changes nothing.
        recent: of the mode `"recent"`: how many frames are computed anew,
            fewer than `model.frames`; by default a quarter of them.

    Raises:
        ValueError: if the model is no classifier or cannot be run so, or an
            argument is none of these.

    Attributes:
        probabilities: what the last call gave; `None` before the first.
        frames_seen: frames that counted.
        counted: whether the last frame did; `None` before the first.
    """

    def __init__(self, model, mode=None, step=1, recent=None):
        _check_model(model)
        if mode is None:
            mode = "causal" if model.causal else "window"
        _check_mode(model, mode)
        _check_step(step)
        self.model = model
        self.mode = mode
        self.step = step
        self.recent = _checked_recent(model, mode, recent)
        self._steps, self._program = _compiled(model, mode, self.recent)
        self.reset_state()

    def reset_state(self):
        """Forgets the stream: the next frame is its first, and counts."""
        self.probabilities = None
        self.frames_seen = 0
        self.counted = None
        self._passed = 0
        self._shape = None
        self._state = None

    @property
    def is_full(self):
        """Whether the window is: `model.frames` have counted."""
        return self.frames_seen >= self.model.frames

    def __call__(self, frame):
        """Probabilities as of the next frame of the video.

        Args:
            frame: RGB 0..255, `[B, H, W, 3]`, uint8 or float.

        Returns:
            numpy float32 `[B, classes]`, those of the last frame that
            counted; `None` before the window is full, see above.

        Raises:
            ValueError: if `frame` has another shape or is too small for the
                model; the stream goes on as if it had not been called.
        """
        shape = tuple(frame.shape)
        if len(shape) != 4 or shape[-1] != 3 or 0 in shape:
            raise ValueError(
                f"frame must be [B, H, W, 3] (RGB), got shape {shape}."
            )
        starts = shape != self._shape
        if starts:
            self.model.check_size(*shape[1:3])
        seen, passed = (0, 0) if starts else (self.frames_seen, self._passed)
        state = self._steps.initial_state(*shape[:3]) if starts else self._state
        # The next is due as many steps after the first as frames have counted.
        counted = passed >= seen * self.step
        probabilities = None if starts else self.probabilities
        if counted:
            kind = self._steps.kind(seen)
            probabilities, state = self._program(frame, state, kind)
        if probabilities is not None:
            probabilities = np.asarray(ops.convert_to_numpy(probabilities))
        # Only now that the step has succeeded is anything remembered.
        self._shape, self._state, self._passed = shape, state, passed + 1
        self.frames_seen, self.counted = seen + counted, counted
        self.probabilities = probabilities
        return probabilities


def _compiled(model, mode, recent):
    """`(steps, program)`; they stay with the model, for all its streams."""
    if "_clip_steps" not in vars(model):
        # Not as Keras sets an attribute: it would belong to what is saved.
        object.__setattr__(model, "_clip_steps", {})
    key = mode, recent
    if key not in model._clip_steps:
        if mode == "recent":
            steps = RecentStep(model, recent)
        else:
            steps = {"window": WindowStep, "causal": CausalStep}[mode](model)
        model._clip_steps[key] = steps, compile_clip_step(steps)
    return model._clip_steps[key]


# === Arguments ===


def _check_model(model):
    if not isinstance(model, ClipClassifier):
        name = getattr(model, "name", type(model).__name__)
        raise ValueError(
            f"{name} is no clip classifier; accel_tf.VideoStream takes "
            "segmenters."
        )


def _check_mode(model, mode):
    if mode not in MODES:
        raise ValueError(
            f"mode must be one of {', '.join(MODES)}, not {mode!r}."
        )
    if mode == "causal" and not model.causal:
        raise ValueError(
            f"{model.name} looks at frames to come; make it with causal=True "
            "for the mode 'causal', or take 'window'."
        )
    if mode != "causal" and model.causal:
        raise ValueError(
            f"{model.name} is causal and takes the mode 'causal' only, not "
            f"{mode!r}."
        )


def _check_step(step):
    if not isinstance(step, int | float) or not 1 <= step < float("inf"):
        raise ValueError(f"step must be a number, 1 or more, not {step!r}.")


def _checked_recent(model, mode, recent):
    if mode != "recent":
        if recent is not None:
            raise ValueError(
                f"recent is of the mode 'recent'; the mode is {mode!r}."
            )
        return None
    if recent is None:
        recent = max(model.frames // 4, 1)
    if not isinstance(recent, int) or not 1 <= recent < model.frames:
        raise ValueError(
            f"recent must be 1 to {model.frames - 1} of the model's "
            f"{model.frames} frames, not {recent!r}."
        )
    return recent
