"""Which weights a phase of training may change."""

from accel_tf.distill.selectors.full import Full
from accel_tf.distill.selectors.gradient_guided import GradientGuided
from accel_tf.distill.selectors.layer_subset import LayerSubset
from accel_tf.distill.selectors.make import STRATEGIES, make_selector
from accel_tf.distill.selectors.random_subset import RandomSubset
from accel_tf.distill.selectors.selector import Selector

__all__ = [
    "STRATEGIES",
    "Full",
    "GradientGuided",
    "LayerSubset",
    "RandomSubset",
    "Selector",
    "make_selector",
]
