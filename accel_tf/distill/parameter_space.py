"""All weights of a model as one vector; the one place that orders them."""

import functools
import hashlib
import itertools

import numpy as np
from keras import ops


class ParameterSpace:
    """The order in which a model's weights stand in one vector.

        space = ParameterSpace(model)
        weights = space.read()  # float32 [space.size]
        space.write(weights)

    The trainable weights come first, each flattened in C order, in the order
    of `model.trainable_variables`; after them the statistics, which training
    moves without gradients (means and variances of batch normalisation).
    Counters and seeds of random generators are left out. A server and its
    clients build the same model, so both have the same order.

    Args:
        model: a built Keras model with float32 weights, all of them
            trainable as the model is used.

    Attributes:
        trainable: the trainable variables.
        statistics: the other variables of floating point.
        variables: both, in the order of the vector.
        offsets: int64 array `[len(variables) + 1]`; variable `i` is
            `vector[offsets[i]:offsets[i + 1]]`.
        trainable_size: scalars of the trainable variables.
        size: scalars of all.

    Raises:
        ValueError: if nothing in the model can be trained, or a weight is
            not float32.
    """

    def __init__(self, model):
        self.trainable = tuple(model.trainable_variables)
        self.statistics = tuple(
            variable
            for variable in model.non_trainable_variables
            if "float" in variable.dtype
        )
        self.variables = self.trainable + self.statistics
        if not self.trainable:
            raise ValueError(f"{model.name} has no weights to train.")
        for variable in self.variables:
            if variable.dtype != "float32":
                raise ValueError(
                    f"{variable.path} is {variable.dtype}; learning on the go "
                    "takes models with float32 weights."
                )
        sizes = [int(np.prod(variable.shape)) for variable in self.variables]
        self.offsets = np.cumsum([0, *sizes], dtype=np.int64)
        self.trainable_size = int(self.offsets[len(self.trainable)])
        self.size = int(self.offsets[-1])
        self._kind = type(model).__name__

    @functools.cached_property
    def digest(self):
        """SHA-256 of the architecture, bytes `[32]`: kinds and shapes."""
        lines = [self._kind, str(len(self.trainable))]
        # Paths hold names that Keras numbers as it goes; they are left out.
        lines += [f"{each.name} {tuple(each.shape)}" for each in self.variables]
        return hashlib.sha256("\n".join(lines).encode()).digest()

    def read(self):
        """The model's weights as a float32 array `[size]`."""
        return np.concatenate(
            [np.ravel(np.asarray(each.numpy())) for each in self.variables]
        ).astype(np.float32, copy=False)

    def write(self, vector):
        """Puts the weights of a vector `[size]` into the model."""
        for variable, part in zip(
            self.variables, self.split(vector), strict=True
        ):
            variable.assign(part)

    def split(self, vector):
        """Parts of a vector in their variables' shapes.

        Args:
            vector: array or tensor, `[size]` or `[trainable_size]`.

        Returns:
            list of arrays or tensors, for all or for the trainable variables.

        Raises:
            ValueError: if the vector has neither length.
        """
        if vector.shape[0] not in (self.size, self.trainable_size):
            raise ValueError(
                f"a vector of {self.size} weights is needed (or of "
                f"{self.trainable_size}, the trainable ones), not of "
                f"{vector.shape[0]}."
            )
        variables = (
            self.variables if vector.shape[0] == self.size else self.trainable
        )
        reshape = np.reshape if isinstance(vector, np.ndarray) else ops.reshape
        return [
            reshape(vector[start:stop], tuple(variable.shape))
            for variable, (start, stop) in zip(
                variables, itertools.pairwise(self.offsets), strict=False
            )
        ]


def weights_digest(vector):
    """SHA-256 of a float32 vector of weights as little-endian bytes.

    Args:
        vector: float32 array `[size]` in the order of a `ParameterSpace`.

    Returns:
        str of 64 hexadecimal digits.
    """
    data = np.ascontiguousarray(vector, dtype="<f4")
    return hashlib.sha256(data.tobytes()).hexdigest()
