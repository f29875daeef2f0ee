import keras
import numpy as np
import pytest
from backend import gradients, to_numpy
from small_models import small_flow_network

from accel_tf.ops import resize_bilinear
from accel_tf.training import PairwiseFlow, PhotometricLoss

HEIGHT, WIDTH = 64, 96
MOTION = np.array([4.0, -3.0], "float32")  # pixels, (dx, dy)


def moved_texture(gain=1.0, brightness=0.0):
    """A pair `[1, 2, H, W, 3]` whose content was at `MOTION` before."""
    rng = np.random.default_rng(1)
    whole = 0.0
    for size, weight in ((4, 0.1), (8, 0.2), (16, 0.3), (32, 0.4)):
        shape = (1, 128 // size, 160 // size, 3)
        spots = rng.uniform(0, 255, shape).astype("float32")
        whole = whole + weight * to_numpy(resize_bilinear(spots, (128, 160)))
    dx, dy = MOTION.astype(int)
    previous = whole[:, 32 : 32 + HEIGHT, 32 : 32 + WIDTH]
    current = whole[:, 32 + dy :, 32 + dx :][:, :HEIGHT, :WIDTH]
    pair = np.stack([previous, gain * current + brightness], 1)
    return np.clip(pair, 0, 255).astype("uint8")


def constant_flow(stride, factor=1.0):
    shape = (1, HEIGHT // stride, WIDTH // stride, 2)
    return np.zeros(shape, "float32") + factor * MOTION / stride


@keras.saving.register_keras_serializable("tests")
class Field(keras.layers.Layer):
    """The flow itself as a weight."""

    def build(self, shape):
        self.flow = self.add_weight(shape=(1, 8, 12, 2), initializer="zeros")

    def call(self, pair):
        return self.flow + 0.0 * keras.ops.cast(pair[0, 0, 0, 0, 0], "float32")


@pytest.mark.parametrize("stride", [4, 8, 16])
def test_the_true_flow_is_the_best(stride):
    for gain, brightness in ((1.0, 0.0), (0.7, 30.0)):
        pair = moved_texture(gain, brightness)
        loss = PhotometricLoss(smoothness=0.0)
        true = float(loss(pair, constant_flow(stride)))
        for factor in (0.0, -1.0, 0.5, 2.0):
            assert true < 0.6 * float(loss(pair, constant_flow(stride, factor)))


def test_descent_finds_the_flow():
    pair = moved_texture(gain=0.8, brightness=20.0)
    field = Field()
    model = keras.Sequential([field])
    model.compile(
        keras.optimizers.Adam(0.2),
        PhotometricLoss(smoothness=0.5),
        jit_compile=keras.backend.backend() == "jax",
    )
    model.fit(np.repeat(pair, 40, 0), np.repeat(pair, 40, 0), 1, verbose=0)
    error = to_numpy(field.flow) - constant_flow(8)
    assert 8 * np.linalg.norm(error, axis=-1).mean() < 1.0
    assert np.linalg.norm(MOTION) == 5.0


def test_what_was_outside_does_not_count():
    rng = np.random.default_rng(0)
    pair = rng.integers(0, 256, (1, 2, HEIGHT, WIDTH, 3), dtype=np.uint8)
    flow = np.zeros((1, 8, 12, 2), "float32")
    flow[:, :, 6:, 0] = 20.0
    loss = PhotometricLoss(smoothness=0.0, strides=(8,))
    value = float(loss(pair, flow))
    pair[:, 1, :, 56:] = 0  # beyond the neighbours of what counts
    assert float(loss(pair, flow)) == pytest.approx(value, rel=1e-6)
    pair[:, 1, :, :40] = 0
    assert float(loss(pair, flow)) != pytest.approx(value, rel=1e-2)
    flow[:] = 100.0
    assert float(loss(pair, flow)) == 0.0
    (gradient,) = gradients(lambda x: PhotometricLoss()(pair, x), flow)
    assert np.isfinite(gradient).all()


def test_flow_may_change_at_edges():
    pair = np.zeros((1, 2, HEIGHT, WIDTH, 3), "uint8")
    flow = np.zeros((1, 8, 12, 2), "float32")
    flow[:, :, 6:] = 0.1
    flat = float(PhotometricLoss(smoothness=1.0)(pair, flow))
    pair[:, :, :, 48:] = 200
    assert flat > 0.005
    at_edge = PhotometricLoss(smoothness=1.0)(pair, flow)
    without = PhotometricLoss(smoothness=0.0)(pair, flow)
    assert float(at_edge) - float(without) < 0.2 * flat


@pytest.mark.slow
def test_a_flow_network_learns_without_true_flow(tmp_path):
    pairs = np.concatenate([moved_texture(), moved_texture()[:, :, ::-1]])
    pairs = pairs[:, :, :32, :64]
    model = PairwiseFlow(small_flow_network(8))
    loss = PhotometricLoss(smoothness=0.2, strides=(4, 16))
    # Compiling by XLA takes longer than the training.
    jit = keras.backend.backend() == "jax"
    optimizer = keras.optimizers.Adam(3e-3)
    # Built before it is traced, the program is traced once.
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, loss, jit_compile=jit)
    history = model.fit(pairs, pairs, epochs=15, verbose=0).history["loss"]
    assert history[-1] < 0.9 * history[0]
    model.save(tmp_path / "flow.keras")
    again = keras.saving.load_model(tmp_path / "flow.keras")
    assert again.loss.get_config() == loss.get_config()
    assert (
        float(again.loss(pairs, model.predict(pairs, verbose=0))) < history[0]
    )


def test_sizes_that_do_not_fit_are_named():
    pair = np.zeros((1, 2, 60, 96, 3), "uint8")
    with pytest.raises(ValueError, match="60x96 pixels are no multiple"):
        PhotometricLoss()(pair, np.zeros((1, 8, 12, 2), "float32"))
    with pytest.raises(ValueError, match=r"\(4, 6\) do not fit .* stride 4"):
        PhotometricLoss(strides=(4, 6))(
            pair, np.zeros((1, 15, 24, 2), "float32")
        )
