import numpy as np
from backend import to_numpy

from accel_tf.data.streets import street_sequence
from accel_tf.models.propagation.propagate import make_flow
from accel_tf.weights.flow import WEIGHTS, load_flow_network


def test_the_file_is_small_and_has_a_card():
    assert WEIGHTS.stat().st_size < 1_500_000
    card = WEIGHTS.with_name("FLOW.md").read_text()
    for wanted in ("CamVid", "not for", "mean IoU", "Licence"):
        assert wanted in card, wanted


def test_it_finds_the_flow_of_drawn_streets():
    network = load_flow_network()
    before, now = street_sequence(2001, 192, 384, 2, 15.0)
    images = [network.observe(frame.image[None]) for frame in (now, before)]
    flow = to_numpy(network(images))[0] * network.output_stride
    true = now.flow.reshape(48, 4, 96, 4, 2).mean((1, 3))
    errors = np.linalg.norm(flow - true, axis=-1)
    assert np.median(errors) < 1.0
    assert errors.mean() < 0.6 * np.linalg.norm(true, axis=-1).mean()


def test_it_has_a_name():
    assert type(make_flow("small")) is type(load_flow_network())
