import numpy as np
import pytest
import tensorflow as tf
from sequence_drawing import FLOW_SPLITS, SPLITS, build, examples

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.taught_flow import (
    average_known,
    find_flow,
    taught_dataset,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return build(tmp_path_factory.mktemp("drawn"), SPLITS)


@pytest.fixture(scope="module")
def flow_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn_with_flow")
    splits = {"unlabelled": FLOW_SPLITS["train"]}
    return build(folder, splits, with_flow=True)


def texture(height=64, width=96):
    rng = np.random.default_rng(0)
    small = rng.uniform(0, 255, (1, height // 4, width // 4, 3))
    large = tf.image.resize(small, (height, width), "bicubic")[0]
    return np.clip(large, 0, 255).astype("uint8")


def test_the_teacher_finds_a_shift_and_knows_what_it_cannot_see():
    wide = texture(width=104)
    previous, current = wide[:, :96], wide[:, 5:101]
    flow = find_flow(current, previous).astype("float32")
    assert flow.shape == (64, 96, 2)
    # The last columns come from beyond the edge.
    assert np.isnan(flow[:, 93:]).all()
    known = np.isfinite(flow).all(-1)
    assert known[:, 8:80].mean() > 0.9
    errors = np.abs(flow[known] - [5, 0]).max(-1)
    assert np.median(errors) < 0.1


def test_unknown_flow_is_left_out_of_averages():
    flow = np.full((4, 8, 2), np.nan, "float32")
    flow[:2, :2] = [4.0, -8.0]
    flow[0, 4:] = 2.0
    average, share = average_known(tf.constant(flow), 4)
    np.testing.assert_allclose(average, [[[1, -2], [0.5, 0.5]]], rtol=1e-5)
    np.testing.assert_allclose(share, [[0.25, 0.25]])


def test_examples_are_kept_and_changed(data, tmp_path):
    def dataset(epoch):
        return taught_dataset(
            data,
            "unlabelled",
            stride=4,
            batch_size=2,
            examples=6,
            augmentation=Augmentation(crop=(8, 12), color=0.1),
            cache=str(tmp_path / "taught"),
            epoch=epoch,
        )

    found = [list(dataset(epoch).take(3)) for epoch in (0, 0, 1)]
    assert (tmp_path / "taught.index").exists()
    for pair, flow, weight in found[0]:
        assert pair.shape == (2, 2, 8, 12, 3) and pair.dtype == "uint8"
        assert flow.shape == (2, 2, 3, 2) and weight.shape == (2, 2, 3)
        assert np.isfinite(flow).all()
        assert 0 <= np.min(weight) and np.max(weight) <= 1
    first, again, other = (
        np.concatenate([pair for pair, _, _ in batches]) for batches in found
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_true_flow_can_be_among_them(data, flow_data):
    dataset = taught_dataset(
        data,
        "unlabelled",
        stride=4,
        batch_size=2,
        examples=16,
        stills=0.3,
        others={flow_data: 0.4},
        augmentation=Augmentation(flip=True, crop=(8, 12), camera_motion=1.0),
    )
    weights = [weight for _, _, weight in examples(dataset, 16, 3)]
    whole = np.mean([(weight == 1).all() for weight in weights])
    assert 0.3 < whole


@pytest.mark.parametrize(
    ("split", "arguments", "message"),
    [
        ("one_still", {}, "has two neighbouring frames"),
        ("unlabelled", {"stride": 64}, "smaller than the stride, 64"),
        ("unlabelled", {"stills": 1.0}, r"sum to less than 1, not \[1.0\]"),
    ],
)
def test_mistakes(data, split, arguments, message):
    arguments = {"stride": 4, "batch_size": 1, "examples": 4, **arguments}
    with pytest.raises(ValueError, match=message) as caught:
        taught_dataset(data, split, **arguments)
    assert "\n" not in str(caught.value)
