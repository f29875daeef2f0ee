import keras
import numpy as np
import pytest
from backend import to_numpy

from accel_tf.models.flownet import fold_flow_network
from accel_tf.models.flownet.lucas_kanade_net import LucasKanadeNet


def network():
    keras.utils.set_random_seed(0)
    return LucasKanadeNet((4, 6, 6), (4, 6, 6), name="flow_network")


def shifted(dx, height=96, width=128):
    """Two frames; what is at x now was at x + dx before."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:height, :width].astype("float32")
    frames = []
    for shift in (0.0, -dx):
        total = 0.0
        for _ in range(12):
            a, b = rng.uniform(-0.25, 0.25, 2)
            total = total + np.sin(a * (columns + shift) + b * rows)
        frames.append(total)
        rng = np.random.default_rng(0)
    frames = [np.repeat(f[None, ..., None] * 15 + 120, 3, -1) for f in frames]
    return [frame.astype("float32") for frame in frames]


@pytest.mark.parametrize("dx", [3.0, -9.0])
def test_it_finds_motion_before_it_learns(dx):
    net = network()
    current, previous = (net.observe(frame) for frame in shifted(dx))
    flow = to_numpy(net([current, previous]))
    assert flow.shape == (1, 24, 32, 2)
    inner = flow[0, 4:-4, 5:-5] * 4
    np.testing.assert_allclose(np.median(inner[..., 0]), dx, atol=0.3)
    np.testing.assert_allclose(np.median(inner[..., 1]), 0, atol=0.3)


@pytest.mark.parametrize("size", [(61, 75)])
def test_any_size(size):
    net = network()
    frame = np.random.default_rng(0).integers(0, 256, (2, *size, 3))
    seen = net.observe(frame.astype("uint8"))
    assert tuple(seen.shape[1:]) == net.observed_shape(*size)[0]
    flow = to_numpy(net([seen, seen]))
    assert flow.shape == (2, -(-size[0] // 4), -(-size[1] // 4), 2)
    np.testing.assert_allclose(flow, 0, atol=1e-4)
    assert net.multiply_adds(*size) > 0


def test_config_saving_and_folding(tmp_path):
    net = network()
    rng = np.random.default_rng(0)
    for weight in net.weights:
        noise = rng.normal(0, 0.05, weight.shape).astype("float32")
        weight.assign(weight + noise)
    images = [frame for frame in map(net.observe, shifted(2.0))]
    expected = to_numpy(net(images))
    copy = LucasKanadeNet.from_config(net.get_config())
    copy.set_weights(net.get_weights())
    np.testing.assert_allclose(to_numpy(copy(images)), expected, atol=1e-4)
    net.save(tmp_path / "flow.keras")
    loaded = keras.saving.load_model(tmp_path / "flow.keras")
    np.testing.assert_allclose(to_numpy(loaded(images)), expected, atol=1e-4)
    folded = fold_flow_network(net)
    np.testing.assert_allclose(to_numpy(folded(images)), expected, atol=1e-4)


def test_mistakes():
    with pytest.raises(ValueError, match="as many numbers, got 2 and 1"):
        LucasKanadeNet((4, 6), (4,))
