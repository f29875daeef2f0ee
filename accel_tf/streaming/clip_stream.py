"""A clip classifier on a live video."""

import numpy as np
from keras import ops

from accel_tf.data.frame_steps import AS_TRAINED, live_step
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.streaming.clip_steps import CausalStep, WindowStep
from accel_tf.streaming.compiled_clip_step import compile_clip_step

MODES = ("window", "causal")


class ClipStream:
    """Classifies what happens in a live video, frame by frame.

        stream = accel_tf.ClipStream(model)
        for frame in frames:
            probabilities = stream(frame[None])
            if probabilities is not None:
                print(model.class_names[probabilities[0].argmax()])

    Each frame that counts moves a window of the last `model.frames` of them.
    There are two modes:

    - `"window"`: exactly `model.probabilities(clip)` of the window. What
      does not depend on the rest of it is kept from the window before; most
      of the work is done anew. With `every=4` only every fourth window is
      decided, and counts until the next is.
    - `"causal"`: the work of one frame, by a classifier made with
      `causal=True`: `model.probabilities(clip)` of all frames so far.

    Before the window is full there are no probabilities, but `"causal"` has
    them from the first frame on. A batch holds streams that run in step. The
    first frame of another shape begins a new stream.

    Args:
        model: a `ClipClassifier`.
        mode: one of these; by default `"causal"` for causal classifiers, else
            `"window"`.
        step: frames of the video from one that counts to the next; it need
            not be whole. What does not count costs nothing and changes
            nothing. By default `model.frame_step`, at least 1: that of videos
            of 30 frames per second, so for another rate give
            `step=model.frame_step * rate / 30`. Of a model that does not
            tell its step every frame counts.
        every: of the mode `"window"`: frames that count from one window that
            is decided to the next.

    Raises:
        ValueError: if the model is no classifier or cannot be run so, or an
            argument is none of these.

    Attributes:
        probabilities: what the last call gave; `None` before the first.
        frames_seen: frames that counted.
        counted: whether the last frame did; `None` before the first.
    """

    def __init__(self, model, mode=None, step=AS_TRAINED, every=1):
        _check_model(model)
        if mode is None:
            mode = "causal" if model.causal else "window"
        _check_mode(model, mode)
        _check_every(mode, every)
        self.model = model
        self.mode = mode
        self.step = live_step(model, step)
        self.every = every
        self._steps, self._program = _compiled(model, mode, every)
        self._initial = None
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
            numpy float32 `[B, classes]`, those of the last frame at which
            they were decided; `None` before the window is full, see above.

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
        state = self._initial_state(shape) if starts else self._state
        # The next is due as many steps after the first as frames have counted.
        counted = passed >= seen * self.step
        probabilities = None if starts else self.probabilities
        if counted:
            kind = self._steps.kind(seen)
            decided, state = self._program(frame, state, kind)
            if decided is not None:
                probabilities = np.asarray(ops.convert_to_numpy(decided))
        # Only now that the step has succeeded is anything remembered.
        self._shape, self._state, self._passed = shape, state, passed + 1
        self.frames_seen, self.counted = seen + counted, counted
        self.probabilities = probabilities
        return probabilities

    def _initial_state(self, shape):
        # To find its form takes as long as compiling, so it is kept.
        if self._initial is None or self._initial[0] != shape:
            self._initial = shape, self._steps.initial_state(*shape[:3])
        return self._initial[1]


def _compiled(model, mode, every):
    """`(steps, program)`; they stay with the model, for all its streams."""
    if "_clip_steps" not in vars(model):
        # Not as Keras sets an attribute: it would belong to what is saved.
        object.__setattr__(model, "_clip_steps", {})
    key = mode, every
    if key not in model._clip_steps:
        if mode == "window":
            steps = WindowStep(model, every)
        else:
            steps = CausalStep(model)
        model._clip_steps[key] = steps, compile_clip_step(steps)
    return model._clip_steps[key]


# === Arguments ===


def _check_model(model):
    if not isinstance(model, ClipClassifier):
        name = getattr(model, "name", type(model).__name__)
        raise ValueError(
            f"{name} is no ClipClassifier: accel_tf.VideoStream takes "
            "segmenters, and of a program in another runtime take the model "
            "that it was made of."
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


def _check_every(mode, every):
    if not isinstance(every, int) or every < 1:
        raise ValueError(
            f"every must be a whole number, 1 or more, not {every!r}."
        )
    if mode == "causal" and every != 1:
        raise ValueError("every is of the mode 'window'; the mode is 'causal'.")
