"""Frames that are run as streams, in float32 and in int8."""

import keras
import numpy as np
import tqdm

from accel_tf.ops import resize_bilinear
from accel_tf.runtimes.agreement import Agreement
from accel_tf.runtimes.steps import kind_of_step, split_state

LEAST_FRAMES = 10
PASS = 10
"""Frames after which a stream starts anew."""
INTERVAL = 5
"""From one key frame to the next, with another one in the middle of a pass."""


def check_frames(frames):
    """Calibration frames as a list of arrays.

    Raises:
        ValueError: if there are too few, or one is no frame.
    """
    frames = [np.asarray(frame) for frame in frames]
    if len(frames) < LEAST_FRAMES:
        raise ValueError(
            f"calibration needs {LEAST_FRAMES} frames or more, got "
            f"{len(frames)}."
        )
    for frame in frames:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(
                "calibration frames must be uint8 [H, W, 3], got "
                f"{frame.dtype} {list(frame.shape)}."
            )
    return frames


class Calibration:
    """What the float32 programs of one size are given, and what they answer.

    Shows on stderr how far it is, as a large model takes minutes.

    Args:
        programs: `SizePrograms` in float32.
        frames: list of uint8 `[H, W, 3]`.
        height: of the programs' frames, in pixels.
        width: of the programs' frames, in pixels.
        interval: from one key frame to the next; at least 2 and at most
            `PASS`, so that both kinds of frames occur.

    Attributes:
        size: text, of the frames.
        interval: that was taken.
        inputs: dict of `Kind` -> list of lists of its program's inputs.
    """

    def __init__(self, programs, frames, height, width, interval=INTERVAL):
        self.size = f"{height}x{width}"
        self.interval = min(max(interval, 2), PASS)
        self._frames = [_resized(frame, height, width) for frame in frames]
        self._states, self._labels = [], []
        self.inputs = {}
        self._run(programs)

    def __len__(self):
        return len(self._frames)

    def agreement(self, programs, num_classes, apart=False):
        """How far programs give the labels that float32 gives.

        Args:
            programs: `SizePrograms`.
            num_classes: of the labels.
            apart: whether each step starts from the state that float32 has
                there, rather than the one of its own step before.

        Returns:
            `Agreement`.
        """
        found = Agreement(num_classes)
        for index, (frame, (kind, state)) in enumerate(
            zip(self._frames, self._states, strict=True)
        ):
            if apart or index % PASS == 0:
                following = state
            labels, following = programs.step(frame, following, kind.is_key)
            found.add(str(kind), self._labels[index], labels)
        return found

    def _run(self, programs):
        frames = tqdm.tqdm(
            self._frames, desc=f"calibration {self.size}", unit=" frames"
        )
        for index, frame in enumerate(frames):
            if index % PASS == 0:
                state = programs.initial_state
            is_key = index % PASS % self.interval == 0
            arrays, counters = split_state(state)
            kind = kind_of_step(programs.uses_key_frames, is_key, counters)
            before = programs.program(kind).state_before
            self.inputs.setdefault(kind, []).append(
                [frame, *(arrays[name] for name in before)]
            )
            self._states.append((kind, state))
            labels, state = programs.step(frame, state, is_key)
            self._labels.append(labels)


def _resized(frame, height, width):
    """uint8 `[1, height, width, 3]`."""
    frame = frame[None]
    if frame.shape[1:3] != (height, width):
        frame = resize_bilinear(frame.astype("float32"), (height, width))
        frame = np.round(keras.ops.convert_to_numpy(frame))
    return np.ascontiguousarray(frame, dtype=np.uint8)
