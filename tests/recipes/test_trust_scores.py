"""How well a map of trust tells where carried labels are wrong."""

import numpy as np

from accel_tf.recipes.common.trust_scores import roc_area


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    rng = np.random.default_rng(0)
    right, wrong = rng.integers(2, 9, 30), rng.integers(0, 7, 20)
    lower = wrong[:, None] < right
    equal = wrong[:, None] == right
    counts = [np.bincount(x, minlength=9) for x in (right, wrong)]
    area = roc_area(*counts)
    np.testing.assert_allclose(area, np.mean(lower + equal / 2))
    assert roc_area(*counts[::-1]) == 1 - area
    assert np.isnan(roc_area(counts[0], 0 * counts[1]))
