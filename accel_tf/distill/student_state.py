"""What the training of one edge's student goes on from."""

import dataclasses

import numpy as np

from accel_tf.distill.arrays_file import read_arrays, write_arrays

_VECTORS = ("weights", "first_moment", "second_moment", "last_change")


@dataclasses.dataclass(frozen=True)
class StudentState:
    """Weights and optimizer of one edge's student, outside of any model.

        state = StudentState.fresh(space, space.read())
        state = trainer.run_phase(state, buffer, selector, 20, 8, rng).state
        state = dataclasses.replace(state, weights=update.after)

    Arrays are never changed in place, so a state may be kept and gone back
    to. Vectors are in the order of a `ParameterSpace`.

    Attributes:
        weights: float32 `[size]`.
        first_moment: float32 `[trainable_size]`, Adam's mean of the gradients.
        second_moment: float32 `[trainable_size]`, that of their squares.
        steps: Adam's steps so far, over all phases.
        last_change: float32 `[trainable_size]`, what Adam's last step asked
            to add to the weights, masked or not; `None` before the first.
    """

    weights: np.ndarray
    first_moment: np.ndarray
    second_moment: np.ndarray
    steps: int = 0
    last_change: np.ndarray | None = None

    @classmethod
    def fresh(cls, space, weights):
        """A state before any training.

        Args:
            space: `ParameterSpace`.
            weights: float32 `[space.size]`.

        Raises:
            ValueError: if `weights` has another length.
        """
        zeros = np.zeros(space.trainable_size, np.float32)
        weights = np.array(weights, np.float32)
        return cls(weights, zeros, zeros).checked(space)

    def checked(self, space):
        """The state itself, if it fits a `ParameterSpace`.

        Raises:
            ValueError: if it is of another model.
        """
        sizes = (len(self.weights), len(self.first_moment))
        needed = (space.size, space.trainable_size)
        if sizes != needed:
            raise ValueError(
                f"the state is of a model with {sizes[0]} weights, {sizes[1]} "
                f"of them trainable; this one has {needed[0]} and {needed[1]}."
            )
        return self

    def save(self, path):
        """Writes the state to an `.npz` file, whole or not at all.

        Raises:
            OSError: if it cannot be written.
        """
        last_change = self.last_change
        if last_change is None:
            last_change = np.zeros(0, np.float32)
        write_arrays(
            path,
            {
                "weights": self.weights,
                "first_moment": self.first_moment,
                "second_moment": self.second_moment,
                "steps": np.array(self.steps, np.int64),
                "last_change": last_change,
            },
        )

    @classmethod
    def load(cls, path):
        """Reads a state that `save` wrote; `checked` says whether it fits.

        Raises:
            OSError: if there is no such file.
            ValueError: if it is damaged, or holds NaN or infinity.
        """
        kinds = dict.fromkeys(_VECTORS, (np.dtype("float32"), 1))
        arrays = read_arrays(path, {**kinds, "steps": (np.dtype("int64"), 0)})
        for name in _VECTORS:
            if not np.isfinite(arrays[name]).all():
                raise ValueError(f"{name} in {path} holds NaN or infinity.")
        moments = len(arrays["first_moment"])
        if (
            len(arrays["second_moment"]) != moments
            or len(arrays["last_change"]) not in (0, moments)
            or len(arrays["weights"]) < moments
            or arrays["steps"] < 0
        ):
            raise ValueError(f"the arrays in {path} do not fit each other.")
        return cls(
            arrays["weights"],
            arrays["first_moment"],
            arrays["second_moment"],
            int(arrays["steps"]),
            arrays["last_change"] if len(arrays["last_change"]) else None,
        )
