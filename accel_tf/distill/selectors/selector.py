"""The contract of the choice of weights."""

import abc


class Selector(abc.ABC):
    """Chooses the weights that a phase may change; a new choice each phase.

    Attributes:
        fraction: share of the trainable weights, above 0 and at most 1.
        source: `"first_step"` if it asks for the size of the changes of the
            phase's first step, `"last_update"` for those of the last step of
            the phase before, `None` if it needs neither.
    """

    source = None

    def __init__(self, fraction):
        if not 0 < fraction <= 1:
            raise ValueError(
                f"fraction is {fraction}; above 0 and at most 1 is right."
            )
        self.fraction = float(fraction)

    @abc.abstractmethod
    def select(self, space, rng, ranking=None):
        """Chooses weights.

        Args:
            space: `ParameterSpace` of the model.
            rng: `numpy.random.Generator`.
            ranking: float32 `[trainable_size]`, 0 or more, the size of the
                changes that `source` asks for; `None` if there are none yet.

        Returns:
            bool array `[trainable_size]`.
        """
