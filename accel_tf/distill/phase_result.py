"""What one phase of training came to."""

import dataclasses

import numpy as np

from accel_tf.distill.student_state import StudentState


@dataclasses.dataclass(frozen=True)
class PhaseResult:
    """The outcome of `PhaseTrainer.run_phase`.

    Attributes:
        state: `StudentState` after the phase. If the phase was skipped, the
            very object that went in.
        mask: bool `[trainable_size]`, the weights that the phase was free to
            change; the others are exactly what they were. All false if it
            was skipped.
        losses: float32 `[iterations that had something to learn from]`.
        seconds: of computation.
        empty_iterations: iterations without a single pixel to learn from.
        skipped: one line that says why nothing was learnt; `None` if
            something was.
    """

    state: StudentState
    mask: np.ndarray
    losses: np.ndarray
    seconds: float
    empty_iterations: int = 0
    skipped: str | None = None
