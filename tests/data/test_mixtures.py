import collections

import numpy as np
import pytest
from sequence_drawing import CLASSES, SPLITS, build, examples

from accel_tf.data.clips import class_frequencies
from accel_tf.data.label_maps import IGNORE
from accel_tf.data.mixtures import mixed_clip_dataset, mixed_frequencies

FIRST = [f"class {number}" for number in range(CLASSES)]
# Two of them under other indices, and some that the first has not.
SECOND = ["other", "class 3", "class 0", *"abcd"]
SPLIT = {"train": SPLITS["two_labels"]}


@pytest.fixture(scope="module")
def builders(tmp_path_factory):
    return [
        build(tmp_path_factory.mktemp("data"), SPLIT, names=names)
        for names in (FIRST, SECOND)
    ]


def mixture(builders, shares, batch_size=5, **options):
    return mixed_clip_dataset(
        builders, "train", shares, batch_size=batch_size, length=1, **options
    )


def is_second(label):
    return (label == IGNORE).any()


def test_labels_get_the_classes_of_the_first(builders):
    seen = collections.defaultdict(set)
    for clip, label in examples(mixture(builders, [0.5, 0.5]), 30, 5):
        assert clip.shape == (1, 16, 24, 3)
        seen[is_second(label)] |= set(np.unique(label).tolist())
    assert seen[False] == set(range(CLASSES))
    assert seen[True] == {0, 3, IGNORE}


def test_clips_are_drawn_by_their_shares(builders):
    found = examples(mixture(builders, [0.8, 0.2]), 100, 5)
    share = np.mean([is_second(label) for _, label in found])
    assert 0.1 < share < 0.3


def test_seed_and_epoch_fix_the_clips(builders):
    def labels(**options):
        dataset = mixture(builders, [0.5, 0.5], **options)
        return np.stack([label for _, label in examples(dataset, 10, 5)])

    first = labels(seed=1, epoch=2)
    np.testing.assert_array_equal(first, labels(seed=1, epoch=2))
    assert (first != labels(seed=1, epoch=3)).any()
    assert (first != labels(seed=2, epoch=2)).any()


def test_frequencies_are_those_of_the_mixture(builders):
    shares = mixed_frequencies(builders, "train", [0.5, 0.5])
    own = class_frequencies(builders[0], "train", CLASSES)
    assert shares.sum() == pytest.approx(1)
    # Only classes 0 and 3 occur in both.
    assert min(shares[0], shares[3]) > 1.2 * max(own[0], own[3])
    assert shares[[1, 2, 4, 5, 6]].max() < own.max()


def test_data_without_a_common_class_is_refused(builders, tmp_path):
    stranger = build(tmp_path, SPLIT, names=list("tuvwxyz"))
    with pytest.raises(ValueError, match="has none of the classes class 0"):
        mixture([builders[0], stranger], [0.5, 0.5])
