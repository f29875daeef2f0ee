import keras
import numpy as np
import pytest
from backend import to_numpy

from accel_tf.models.flownet import FlowNetS, flow_image
from accel_tf.models.resnet import subtract_mean
from accel_tf.training import EndPointError, PairwiseFlow


def small_flow_network():
    return FlowNetS((4, 4, 4, 4, 4, 4), (4, 4, 4, 4), output_stride=8)


def test_end_point_error_is_the_mean_distance():
    truth = np.zeros((1, 2, 2, 2), "float32")
    predicted = np.zeros_like(truth)
    predicted[0, 0, 0] = [3.0, 4.0]
    loss = EndPointError()
    assert float(loss(truth, predicted)) == pytest.approx(5 / 4, abs=1e-2)
    weight = np.array([[[1.0, 0.0], [0.0, 0.0]]], "float32")
    weighted = float(loss(truth, predicted, sample_weight=weight))
    assert weighted == pytest.approx(5 / 4, abs=1e-3)


def test_pairwise_flow_looks_from_the_second_frame_to_the_first():
    pair = np.random.default_rng(0).integers(0, 256, (1, 2, 32, 48, 3))
    network = small_flow_network()
    image = subtract_mean(pair.astype("uint8"))
    expected = network([flow_image(image[:, 1]), flow_image(image[:, 0])])
    actual = PairwiseFlow(network)(pair.astype("uint8"))
    np.testing.assert_array_equal(to_numpy(actual), to_numpy(expected))


def test_pairwise_flow_learns_and_is_saved(tmp_path):
    rng = np.random.default_rng(0)
    pair = rng.integers(0, 256, (4, 2, 32, 48, 3), dtype=np.uint8)
    flow = np.full((4, 4, 6, 2), 0.5, "float32")
    keras.utils.set_random_seed(0)
    model = PairwiseFlow(small_flow_network())
    optimizer = keras.optimizers.Adam(0.01)
    # XLA takes long to compile and is not what is tested.
    jit = keras.backend.backend() == "jax"
    model.compile(optimizer, EndPointError(), jit_compile=jit)
    before = model.evaluate(pair, flow, verbose=0)
    # Built before it is traced, the program is traced once.
    optimizer.build(model.trainable_variables)
    model.fit(pair, flow, epochs=10, verbose=0)
    assert model.evaluate(pair, flow, verbose=0) < before / 2
    model.save(tmp_path / "flow.keras")
    loaded = keras.saving.load_model(tmp_path / "flow.keras")
    np.testing.assert_array_equal(loaded.predict(pair), model.predict(pair))
