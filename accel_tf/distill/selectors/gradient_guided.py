"""The weights that training would change most."""

import numpy as np

from accel_tf.distill.selectors.random_subset import RandomSubset
from accel_tf.distill.selectors.selector import Selector

_SOURCES = ("first_step", "last_update")


class GradientGuided(Selector):
    """The weights that Adam changes most, over all tensors together.

    Args:
        fraction: share of the trainable weights, above 0 and at most 1.
        source: whose changes are ranked. `"first_step"`: those of this
            phase's first step, which is a step of all weights, as in the
            released code. `"last_update"`: those of the last step of the
            phase before, as in the paper; the first phase chooses at random.

    Raises:
        ValueError: if an argument is not of that kind.
    """

    def __init__(self, fraction, source="first_step"):
        super().__init__(fraction)
        if source not in _SOURCES:
            raise ValueError(
                f'source is "{source}"; it is one of {", ".join(_SOURCES)}.'
            )
        self.source = source

    def select(self, space, rng, ranking=None):
        if ranking is None:
            return RandomSubset(self.fraction).select(space, rng)
        return largest(ranking, self.fraction)


def largest(ranking, fraction):
    """Marks the largest values, an exact number of them.

    Of values that equal each other, as changes by Adam's first steps do, the
    first ones are taken, so that the choice never depends on a sort.

    Args:
        ranking: float array `[n]`, without NaN.
        fraction: share to mark, above 0 and at most 1.

    Returns:
        bool array `[n]` with `max(1, round(fraction * n))` marks.

    Raises:
        ValueError: if a value is NaN.
    """
    ranking = np.asarray(ranking)
    if np.isnan(ranking).any():
        raise ValueError("NaN cannot be ranked.")
    count = max(1, round(fraction * ranking.size))
    least = np.partition(ranking, ranking.size - count)[ranking.size - count]
    marks = ranking > least
    equal = np.flatnonzero(ranking == least)
    marks[equal[: count - np.count_nonzero(marks)]] = True
    return marks
