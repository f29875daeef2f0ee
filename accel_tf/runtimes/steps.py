"""What the steps of a model in another runtime take and give.

Plain Python and numpy: exported programs start without Keras.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Kind:
    """Which way a step goes.

    Attributes:
        is_key: always true for models without key frames.
        counters: tuple of `(name, number)`: the state's whole numbers, by
            which a model chooses a branch. Empty on key frames of models
            that have these: they ask nothing of the state.
    """

    is_key: bool
    counters: tuple = ()

    def __str__(self):
        numbers = [f"{name}{number}" for name, number in self.counters]
        return "-".join(["key" if self.is_key else "nonkey", *numbers])


def kind_of_step(uses_key_frames, is_key, counters):
    """The `Kind` of a step of a model with or without key frames."""
    if not uses_key_frames:
        return Kind(True, counters)
    return Kind(is_key, () if is_key else counters)


@dataclasses.dataclass(frozen=True)
class Tensor:
    """A tensor of a program: its name, shape and type (as in numpy)."""

    name: str
    shape: tuple
    dtype: str


def split_state(state):
    """A state's arrays, and its whole numbers.

    Args:
        state: dict of name -> array with a batch of one.

    Returns:
        `(arrays, counters)`: dict of name -> array, and tuple of
        `(name, number)` for those of shape `[1]` and a type of integers.
    """
    arrays, counters = {}, []
    for name in sorted(state):
        value = np.asarray(state[name])
        if value.shape == (1,) and np.issubdtype(value.dtype, np.integer):
            counters.append((name, int(value[0])))
        else:
            arrays[name] = value
    return arrays, tuple(counters)


def join_state(arrays, counters):
    """The state that `split_state` took apart."""
    numbers = {name: np.array([n], np.int32) for name, n in counters}
    return {**arrays, **numbers}
