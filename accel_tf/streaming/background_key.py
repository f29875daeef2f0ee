"""A key frame that is looked at while the stream goes on."""

import concurrent.futures

import numpy as np

LIVE = "live"
"""Instead of a delay: what a key frame gave is used as soon as it is there."""


def check_steady(steady, model):
    """Raises `ValueError` unless `VideoStream` can be as steady as that."""
    is_delay = isinstance(steady, int) and steady >= 0  # bools, too
    if not is_delay and steady != LIVE:
        raise ValueError(
            f"steady must be True, False, a number of frames or {LIVE!r}, not "
            f"{steady!r}."
        )
    if not steady:
        return
    if not model.uses_key_frames:
        raise ValueError(
            f"{model.name} has no key frames: it is as steady as it can be."
        )
    if getattr(model, "key_frames_ask_state", False):
        raise ValueError(
            f"key frames of {model.name} depend on the frame before and "
            "cannot be looked at in the background; make it without smooth "
            "and blend."
        )


class BackgroundKey:
    """The key frame that is under way, if there is one.

    While the deep network looks at a frame in a thread of its own, the
    stream goes on from the key frame before, this frame included. When the
    result is there, it is moved to the frame that is then the present, as
    between neighbours: nothing is computed that a frame between key frames
    does not take anyway (after the scheduling of "Low-Latency Video Semantic
    Segmentation", CVPR 2018).

    Args:
        step: as of `compile_step`.
        delay: frames after which its result is used, waited for if need be;
            `LIVE` for as soon as it is there.
    """

    def __init__(self, step, delay):
        self._step = step
        self._delay = delay
        self._worker = None
        self._state = None
        self.age = None

    @property
    def is_under_way(self):
        """Whether a key frame has begun whose result was not taken."""
        return self._state is not None

    @property
    def is_busy(self):
        """Whether the deep network is still at work on it."""
        return self.is_under_way and not self._state.done()

    def begin(self, frame, state):
        """Begins to look at a frame.

        Args:
            frame: `[B, H, W, 3]`; of an array it keeps a copy.
            state: the model's initial state.
        """
        if self._worker is None:
            self._worker = concurrent.futures.ThreadPoolExecutor(
                1, thread_name_prefix="key frame"
            )
        if isinstance(frame, np.ndarray):
            frame = frame.copy()  # Cameras use their buffers again.
        self._state = self._worker.submit(self._look, frame, state)
        self.age = 0

    def ready_state(self):
        """The state after the key frame, if the next frame is to use it.

        Returns:
            A state, or `None`. The next frame lies `age + 1` frames behind
            the key frame.

        Raises:
            What the step raised; the key frame is then dropped.
        """
        if not self.is_under_way:
            return None
        is_due = (
            self.age + 1 >= self._delay
            if self._delay != LIVE
            else (self._state.done())
        )
        if not is_due:
            return None
        try:
            return self._state.result()
        except BaseException:
            self.drop()
            raise

    def pass_frame(self, taken):
        """Counts a frame that succeeded, and whether it took the state."""
        if taken:
            self.drop()
        elif self.is_under_way:
            self.age += 1

    def drop(self):
        """Forgets the key frame; what is under way ends unheard."""
        self._state = self.age = None

    def _look(self, frame, state):
        return self._step(frame, state, True, None)[2]
