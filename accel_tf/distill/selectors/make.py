"""Strategies by name."""

from accel_tf.distill.selectors.full import Full
from accel_tf.distill.selectors.gradient_guided import GradientGuided
from accel_tf.distill.selectors.layer_subset import LayerSubset
from accel_tf.distill.selectors.random_subset import RandomSubset

STRATEGIES = ("gradient-guided", "random", "first", "last", "both", "full")
"""The names that `make_selector` knows."""


def make_selector(name, fraction=0.05, source="first_step"):
    """A selector by the name of its strategy.

    Args:
        name: one of `STRATEGIES`.
        fraction: share of the trainable weights; `"full"` takes all of them
            whatever it is.
        source: of the ranking of `"gradient-guided"`, see `GradientGuided`.

    Returns:
        `Selector`.

    Raises:
        ValueError: if the name is not known, or the fraction is not above 0
            and at most 1.
    """
    if name == "gradient-guided":
        return GradientGuided(fraction, source)
    if name == "random":
        return RandomSubset(fraction)
    if name in ("first", "last", "both"):
        return LayerSubset(name, fraction)
    if name == "full":
        return Full()
    raise ValueError(
        f'no strategy "{name}"; there are {", ".join(STRATEGIES)}.'
    )
