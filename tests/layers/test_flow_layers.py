import numpy as np
import pytest
from backend import to_numpy

from accel_tf.layers.lucas_kanade import LucasKanadeStep
from accel_tf.layers.weighted_neighbours import WeightedNeighbours


def waves(dx=0.0, dy=0.0, height=24, width=32):
    rows, columns = np.mgrid[:height, :width].astype("float32")
    x, y = columns + dx, rows + dy
    image = np.sin(x / 3) + np.cos(y / 4) + np.sin((x + y) / 5)
    return image[None, ..., None].astype("float32")


def test_a_step_finds_a_small_motion():
    # What is at x now was at x + 0.4 before.
    flow = np.zeros((1, 24, 32, 2), "float32")
    step = LucasKanadeStep()([waves(), waves(-0.4, 0.3), flow])
    step = to_numpy(step)
    assert step.shape == (1, 24, 32, 6)
    inner = step[0, 5:-5, 5:-5]
    np.testing.assert_allclose(np.median(inner[..., 0]), 0.4, atol=0.05)
    np.testing.assert_allclose(np.median(inner[..., 1]), -0.3, atol=0.05)
    assert (0 <= inner[..., 2]).all() and (inner[..., 2] <= 1).all()
    assert np.abs(inner[..., 3:5]).max() <= 1


def test_a_step_ends_where_the_flow_is_right():
    flow = np.zeros((1, 24, 32, 2), "float32")
    flow[..., 0] = 2.0
    step = to_numpy(LucasKanadeStep()([waves(), waves(-2.0), flow]))
    inner = step[0, 5:-5, 5:-5]
    assert np.abs(inner[..., :2]).max() < 0.02
    assert inner[..., 5].max() < 0.02


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_without_texture_the_flow_stays(value):
    image = np.full((1, 8, 8, 1), value, "float32")
    flow = np.ones((1, 8, 8, 2), "float32")
    step = to_numpy(LucasKanadeStep()([image, image, flow]))
    assert np.isfinite(step).all()
    assert np.abs(step[..., :2]).max() == 0


@pytest.mark.parametrize("dilation", [1, 2])
def test_neighbours_are_averaged_by_their_weights(dilation):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 5, 6, 3)).astype("float32")
    logits = rng.normal(size=(2, 5, 6, 9)).astype("float32")
    found = to_numpy(WeightedNeighbours(dilation)([values, logits]))
    weights = np.exp(logits)
    weights /= weights.sum(-1, keepdims=True)
    margin = (dilation, dilation)
    padded = np.pad(values, [(0, 0), margin, margin, (0, 0)], "edge")
    expected = np.zeros_like(values)
    for index in range(9):
        y, x = (dilation * step for step in divmod(index, 3))
        weight = weights[..., index : index + 1]
        expected += padded[:, y : y + 5, x : x + 6] * weight
    np.testing.assert_allclose(found, expected, atol=1e-5)
