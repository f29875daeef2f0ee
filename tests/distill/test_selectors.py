"""Which weights a phase may change."""

import types

import numpy as np
import pytest
from reference import official_tensors

from accel_tf.distill import (
    STRATEGIES,
    Full,
    GradientGuided,
    LayerSubset,
    RandomSubset,
    make_selector,
)
from accel_tf.distill.layer_lists import layer_shares
from accel_tf.distill.selectors.gradient_guided import largest


def space_of(sizes):
    """As much of a `ParameterSpace` as selectors look at."""
    return types.SimpleNamespace(
        trainable=tuple(range(len(sizes))),
        offsets=np.cumsum([0, *sizes, 7]),  # Statistics come after them.
        trainable_size=sum(sizes),
    )


def rng():
    return np.random.default_rng(0)


# === Gradient-guided ===


def test_the_largest_are_an_exact_number_of_all():
    ranking = np.random.default_rng(1).random(1000).astype("float32")
    marks = largest(ranking, 0.05)
    assert marks.sum() == 50
    assert ranking[marks].min() > ranking[~marks].max()
    assert largest(ranking, 1.0).all()
    assert largest(ranking, 1e-6).sum() == 1


def test_of_equals_the_first_are_taken():
    ranking = np.array([1, 3, 1, 1, 2, 1], "float32")
    np.testing.assert_array_equal(
        largest(ranking, 4 / 6).nonzero()[0], [0, 1, 2, 4]
    )
    assert largest(np.zeros(100), 0.1)[:10].all()


def test_nan_is_not_ranked():
    with pytest.raises(ValueError, match="NaN cannot be ranked"):
        largest(np.array([1, np.nan]), 0.5)


@pytest.mark.parametrize("source", ["first_step", "last_update"])
def test_gradient_guided(source):
    selector = GradientGuided(0.25, source)
    assert selector.source == source
    mask = selector.select(space_of([4]), rng(), np.array([0, 2, 3, 1.0]))
    np.testing.assert_array_equal(mask, [0, 0, 1, 0])


def test_without_a_ranking_it_chooses_at_random():
    mask = GradientGuided(0.25).select(space_of([4000]), rng())
    assert 900 < mask.sum() < 1100


# === The others ===


def test_random_is_drawn_anew():
    selector, generator = RandomSubset(0.05), rng()
    one, other = (
        selector.select(space_of([8000, 2000]), generator) for _ in range(2)
    )
    assert 400 < one.sum() < 600 and (one != other).any()
    again = selector.select(space_of([8000, 2000]), rng())
    np.testing.assert_array_equal(one, again)


def test_full():
    assert Full().select(space_of([3, 4]), rng()).all()


@pytest.mark.parametrize(
    ("end", "shares"),
    [
        ("first", [1, 1, 0.1, 0]),
        ("last", [0, 0, 0.1, 1]),
        ("both", [1, 0.25, 0, 0.5]),
    ],
)
def test_layers_until_the_share_is_hit(end, shares):
    space = space_of([10, 20, 40, 30])
    fraction = sum(np.array(shares) * [10, 20, 40, 30]) / 100
    np.testing.assert_allclose(layer_shares(space, end, fraction), shares)
    mask = LayerSubset(end, fraction).select(space, rng())
    for share, part in zip(
        shares, np.split(mask, space.offsets[1:4]), strict=True
    ):
        if share in (0, 1):
            assert (part == share).all()
        else:
            assert 0 < part.mean() < 1 or share == 0.1


def test_both_ends_may_meet():
    space = space_of([10, 20, 40])
    np.testing.assert_allclose(layer_shares(space, "both", 1.0), [1, 1, 1])


# The authors' lists for their student: the tensor taken in part, and how much
# of it. Of their fifteen, three miss their fraction: "first" and "last" 0.02
# and "both" 0.05 have the rest of the share to 1.
LISTS = {
    ("last", 0.01): {"concat_projection/weights": 0.120},
    ("last", 0.02): {"concat_projection/weights": 1 - 0.7187},
    ("last", 0.05): {"concat_projection/weights": 0.765},
    ("last", 0.1): {"aspp0/weights": 0.907},
    ("last", 0.2): {"expanded_conv_16/project/weights": 0.393},
    ("first", 0.01): {"expanded_conv_3/project/weights": 0.002},
    ("first", 0.02): {"expanded_conv_5/expand/weights": 1 - 0.737},
    ("first", 0.05): {"expanded_conv_7/depthwise/BatchNorm/gamma": 0.802},
    ("first", 0.1): {"expanded_conv_9/depthwise/depthwise_weights": 0.252},
    ("first", 0.2): {"expanded_conv_11/project/weights": 0.974},
    ("both", 0.01): {
        "expanded_conv_2/expand/BatchNorm/beta": 0.035,
        "concat_projection/weights": 0.039,
    },
    ("both", 0.05): {
        "expanded_conv_5/project/weights": 1 - 0.423,
        "concat_projection/weights": 0.362,
    },
}


def test_lists_of_the_authors():
    shapes = {
        name.removeprefix("MobilenetV2/"): tensor.size
        for name, tensor in official_tensors("ams_student_names.tsv").items()
        if "/moving_" not in name
    }
    space = space_of(list(shapes.values()))
    for (end, fraction), wanted in LISTS.items():
        shares = layer_shares(space, end, fraction)
        parts = {
            name: share
            for name, share in zip(shapes, shares, strict=True)
            if 0 < share < 1
        }
        assert parts == pytest.approx(wanted, abs=0.0015), (end, fraction)
        taken = np.sum(shares * list(shapes.values()))
        assert taken / space.trainable_size == pytest.approx(fraction)


# === By name ===


def test_strategies_by_name():
    kinds = [type(make_selector(name, 0.1)) for name in STRATEGIES]
    layers = [LayerSubset] * 3
    assert kinds == [GradientGuided, RandomSubset, *layers, Full]
    assert make_selector("last", 0.1).end == "last"
    by_last = make_selector("gradient-guided", 0.1, source="last_update")
    assert by_last.source == "last_update"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("best",), 'no strategy "best"; there are gradient-guided, random'),
        (("random", 0.0), "fraction is 0.0; above 0 and at most 1"),
        (("first", 1.5), "fraction is 1.5"),
        (("gradient-guided", float("nan")), "fraction is nan"),
        (("gradient-guided", 0.1, "guess"), 'source is "guess"; it is one of'),
    ],
)
def test_bad_arguments(arguments, fault):
    with pytest.raises(ValueError, match=fault):
        make_selector(*arguments)
