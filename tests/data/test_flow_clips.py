import numpy as np
import pytest
from sequence_drawing import (
    COLUMNS,
    FLOW_SPLITS,
    HEIGHT,
    ROWS,
    SPLITS,
    WIDTH,
    build,
    examples,
    flow_at,
    frame,
    times,
)

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.pairs import flow_dataset, pair_dataset


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return build(tmp_path_factory.mktemp("drawn"), SPLITS)


@pytest.fixture(scope="module")
def flow_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn_with_flow")
    return build(folder, FLOW_SPLITS, with_flow=True)


@pytest.mark.parametrize("stride", [1, 5, 8])
def test_flow_is_averaged_in_units_of_the_stride(flow_data, stride):
    dataset = flow_dataset(flow_data, "train", stride=stride, batch_size=2)
    height, width = HEIGHT // stride, WIDTH // stride
    currents = set()
    for pair, flow in examples(dataset, 20, 2):
        previous, current = times(pair)
        assert previous == current - 1
        assert pair.shape == (2, height * stride, width * stride, 3)
        whole = flow_at(current)[: height * stride, : width * stride]
        whole = whole.reshape(height, stride, width, stride, 2)
        expected = whole.mean((1, 3)) / stride
        np.testing.assert_allclose(flow, expected, rtol=1e-5, atol=1e-5)
        currents.add(current)
    assert len(currents) > 3 and 0 not in currents


def test_flow_is_cropped_and_flipped(flow_data):
    dataset = flow_dataset(
        flow_data,
        "train",
        stride=4,
        batch_size=2,
        augmentation=Augmentation(crop=(8, 12)),
    )
    flips = set()
    for pair, flow in examples(dataset, 20, 2):
        assert pair.shape == (2, 8, 12, 3) and flow.shape == (2, 3, 2)
        rows, columns = np.moveaxis(pair[1, ..., :2].astype(int), -1, 0)
        flipped = bool(columns[0, 0] > columns[0, 1])
        whole = flow_at(times(pair)[1])[rows, columns]
        whole = whole * [-1 if flipped else 1, 1]
        expected = whole.reshape(2, 4, 3, 4, 2).mean((1, 3)) / 4
        np.testing.assert_allclose(flow, expected, atol=1e-4)
        flips.add(flipped)
    assert flips == {True, False}


def test_flow_of_stills_moves_the_frame(data):
    dataset = flow_dataset(
        data,
        "still",
        stride=1,
        batch_size=2,
        augmentation=Augmentation(camera_motion=4.0),
        from_stills=True,
    )
    errors = []
    for pair, flow in examples(dataset, 8, 2):
        previous, current = pair.astype(float)
        x, y = COLUMNS + flow[..., 0], ROWS + flow[..., 1]
        inside = (x >= 0) & (x < WIDTH - 1) & (y >= 0) & (y < HEIGHT - 1)
        assert inside.mean() > 0.5
        left, top = (np.floor(each[inside]).astype(int) for each in (x, y))
        a, b = (x[inside] - left)[:, None], (y[inside] - top)[:, None]
        upper = (1 - a) * previous[top, left] + a * previous[top, left + 1]
        lower = (1 - a) * previous[top + 1, left]
        lower = lower + a * previous[top + 1, left + 1]
        warped = (1 - b) * upper + b * lower
        errors.append(
            [
                np.abs(image - current[inside]).mean()
                for image in (warped, previous[inside])
            ]
        )
    warped, unwarped = np.mean(errors, 0)
    assert warped < 0.3 * unwarped


def test_pairs_need_no_labels(data):
    dataset = pair_dataset(data, "unlabelled", batch_size=2)
    pairs = examples(dataset, 24, 2)
    assert {times(pair) for pair, _ in pairs} == {(0, 1), (1, 2)}
    for pair, target in pairs:
        expected = [frame(time) for time in times(pair)]
        np.testing.assert_array_equal(pair, expected)
        np.testing.assert_array_equal(target, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "has no true flow; train on synthetic_streets"),
        ({"from_stills": True}, "flow from stills needs camera_motion above 0"),
        (
            {
                "from_stills": True,
                "stride": 17,
                "augmentation": Augmentation(camera_motion=1.0),
            },
            "stride must be from 1 to 16, .*, not 17",
        ),
    ],
)
def test_mistakes_with_flow(data, arguments, message):
    arguments = {"stride": 4, "batch_size": 1, **arguments}
    with pytest.raises(ValueError, match=message) as caught:
        flow_dataset(data, "two_labels", **arguments)
    assert "\n" not in str(caught.value)


def test_more_mistakes_with_flow(flow_data, data):
    with pytest.raises(ValueError, match="is for stills; set from_stills"):
        flow_dataset(
            flow_data,
            "train",
            stride=4,
            batch_size=1,
            augmentation=Augmentation(camera_motion=1.0),
        )
    with pytest.raises(ValueError, match="has two neighbouring frames"):
        pair_dataset(data, "one_still", batch_size=1)
