"""The first or the last layers."""

from accel_tf.distill.layer_lists import layer_mask
from accel_tf.distill.selectors.selector import Selector

_ENDS = ("first", "last", "both")


class LayerSubset(Selector):
    """Whole tensors from the first or the last layer on.

    See `accel_tf.distill.layer_lists.layer_mask`. The tensor that does not
    fit whole is drawn anew in each phase.

    Args:
        end: `"first"`, `"last"`, or `"both"`, which takes half of the
            fraction from each end.
        fraction: share of the trainable weights, above 0 and at most 1.

    Raises:
        ValueError: if an argument is not of that kind.
    """

    def __init__(self, end, fraction):
        super().__init__(fraction)
        if end not in _ENDS:
            raise ValueError(
                f'end is "{end}"; it is one of {", ".join(_ENDS)}.'
            )
        self.end = end

    def select(self, space, rng, ranking=None):
        return layer_mask(space, self.end, self.fraction, rng)
