"""Weights at random."""

from accel_tf.distill.selectors.selector import Selector


class RandomSubset(Selector):
    """Each trainable weight with the same chance, drawn anew in each phase.

    Args:
        fraction: the chance, above 0 and at most 1.

    Raises:
        ValueError: if `fraction` is not.
    """

    def select(self, space, rng, ranking=None):
        return rng.random(space.trainable_size) < self.fraction
