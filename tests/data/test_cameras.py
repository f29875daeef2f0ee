import numpy as np
import pytest
import tensorflow as tf

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.cameras import change_camera


@pytest.fixture(scope="module")
def clip():
    rows, columns = np.mgrid[:32, :48]
    still = np.stack([rows * 4, columns * 3, 128 + 0 * rows], -1)
    return np.stack([still] * 2).astype("uint8")


def changed(clip, strength, seeds):
    change = tf.function(lambda seed: change_camera(clip, strength, seed))
    return [change(tf.constant([seed, 0])).numpy() for seed in range(seeds)]


def test_no_strength_changes_nothing(clip):
    np.testing.assert_array_equal(change_camera(clip, 0.0, [1, 2]), clip)


def test_every_seed_shows_another_camera(clip):
    results = changed(clip, 1.0, 12)
    assert all(r.shape == clip.shape and r.dtype == np.uint8 for r in results)
    means = np.array([result.mean((0, 1, 2)) for result in results])
    # Light and colour both: the channels move, and not by the same.
    assert means.std(0).min() > 10
    assert (means[:, 0] - means[:, 2]).std() > 5


def test_equal_seeds_give_equal_frames(clip):
    first, again = changed(clip, 1.0, 4), changed(clip, 1.0, 4)
    np.testing.assert_array_equal(first, again)


def test_frames_of_a_clip_are_changed_alike(clip):
    # Up to noise, which no frame shares with another.
    for result in changed(clip, 1.0, 8):
        first, second = result.astype(float)
        assert abs(first.mean((0, 1)) - second.mean((0, 1))).max() < 3


def test_weak_changes_are_small(clip):
    for result in changed(clip, 0.02, 8):
        assert abs(result.astype(float) - clip).mean() < 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"camera": 1.5}, "camera must be 0 to 1, not 1.5"),
        ({"aspect": -0.1}, "aspect must be 0 to 1, not -0.1"),
    ],
)
def test_values_out_of_range(values, message):
    with pytest.raises(ValueError, match=message):
        Augmentation(**values)
