"""When a key frame pays, as a pure function of a few numbers.

Of frames that get worse by r with each that passes, key frames n apart cost
r n^2 / 2 an interval. At a given number of key frames the sum over a video is
least if all intervals cost the same: a key frame is due when what was lost
since the last one reaches a limit. The limit follows the share that is wanted.

How much worse a frame is than the one before is taken for proportional to the
signal `residual`. Summed since the key frame, `residual` and `motion` told
about as well what carried labels had lost (`docs/results.md`, "Adaptive key
frames"). Of the two, `residual` gained more at an equal share on three drawn
drives, by which the numbers below were chosen.
"""

import dataclasses
import math

import numpy as np

from accel_tf.models.signal_names import RESIDUAL

SIGNAL = RESIDUAL

LEAST = 0.005
"""Residual that a frame has at least. What seems to stand still is looked at
again too, if later: small things move, and noise differs from camera to
camera."""

TYPICAL = 0.02
"""Residual of drives through a town at 15 frames per second, with which the
limit begins."""

STEP = 0.15
"""How far the logarithm of the limit moves with a key frame that is owed or
left over. A scene with ten times the residual costs log(10) / STEP of them."""

_LIMIT, _WORSE, _LOST, _CREDIT = range(4)
NUMBERS = 4
"""Of the state: the limit; how much worse the last frame was than the key
frame; the sum of that over the frames since; and key frames that are left over,
below 0 those that are owed."""


@dataclasses.dataclass(frozen=True)
class AdaptiveRule:
    """Which frames are key frames, from numbers alone.

    Its methods take arrays of NumPy or tensors, and the module of functions,
    `numpy` or `keras.ops`, that goes with them. All numbers are float32, so
    that both come to the same.

    Args:
        target_share, min_interval, max_interval, max_debt: as of
            `AdaptiveKeyframes`.
    """

    target_share: float
    min_interval: int
    max_interval: int
    max_debt: int

    def start(self):
        """The state before the first frame, float32 `[NUMBERS]`."""
        state = np.zeros(NUMBERS, np.float32)
        interval = 1 / self.target_share
        state[_LIMIT] = TYPICAL * interval * (interval - 1) / 2
        return state

    def is_due(self, state, frames_since_key, xp=np):
        """Whether the next frame is to be a key frame.

        Args:
            state: float32 `[NUMBERS]`.
            frames_since_key: int of that frame, 1 or more.

        Returns:
            A boolean scalar.
        """
        pays = xp.logical_and(
            state[_LOST] + state[_WORSE] / 2 >= state[_LIMIT],
            state[_CREDIT] > -self.max_debt,
        )
        allowed = frames_since_key >= self.min_interval
        late = frames_since_key >= self.max_interval
        return xp.logical_or(xp.logical_and(pays, allowed), late)

    def after(self, state, is_key, residual, xp=np):
        """The state after a frame.

        Args:
            state: before it.
            is_key: boolean scalar.
            residual: the signal, float32 `[B]`; of streams side by side the
                mean counts.
        """
        limit, worse, lost, credit = (state[index] for index in range(NUMBERS))
        share = self.target_share
        key = xp.where(is_key, np.float32(1), np.float32(0))
        # Both together move it by nothing at the share that is wanted.
        change = xp.where(
            is_key,
            np.float32(math.exp(STEP * (1 - share))),
            np.float32(math.exp(-STEP * share)),
        )
        grown = xp.maximum(xp.mean(residual), np.float32(LEAST))
        worse = (1 - key) * (worse + grown)
        return xp.stack(
            [
                limit * change,
                worse,
                (1 - key) * (lost + worse),
                credit - key + np.float32(share),
            ]
        )
