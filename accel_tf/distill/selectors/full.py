"""All weights."""

import numpy as np

from accel_tf.distill.selectors.selector import Selector


class Full(Selector):
    """Every trainable weight, in every phase."""

    def __init__(self):
        super().__init__(1.0)

    def select(self, space, rng, ranking=None):
        return np.ones(space.trainable_size, bool)
