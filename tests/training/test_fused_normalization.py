import keras
import numpy as np
import pytest

from accel_tf.training.fused_normalization import fuse_normalization

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow only"
)


def network():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(6, 3, use_bias=False)(inputs)
    x = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.BatchNormalization(scale=False)(x)
    return keras.Model(inputs, keras.layers.Conv2D(2, 1)(x))


@pytest.fixture
def pair():
    keras.utils.set_random_seed(0)
    plain, fused = network(), network()
    fused.set_weights(plain.get_weights())
    assert fuse_normalization(fused) == 2
    return plain, fused


def train(model, steps):
    rng = np.random.default_rng(1)
    images = rng.normal(2, 3, (8, 20, 20, 3)).astype("float32")
    wanted = rng.normal(size=(8, 18, 18, 2)).astype("float32")
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    return [model.train_on_batch(images, wanted) for _ in range(steps)]


def test_it_trains_like_keras(pair):
    plain, fused = pair
    np.testing.assert_allclose(train(plain, 5), train(fused, 5), rtol=1e-3)
    for one, other in zip(plain.weights, fused.weights, strict=True):
        # The variance of the batch is the unbiased one: 1 in 2,592 greater.
        np.testing.assert_allclose(
            one.numpy(), other.numpy(), rtol=2e-3, atol=2e-4, err_msg=one.path
        )


def test_frozen_layers_and_inference_keep_their_statistics(pair):
    plain, fused = pair
    frozen = fused.layers[2]
    frozen.trainable = False
    before = [value.numpy() for value in frozen.weights]
    train(fused, 2)
    for value, old in zip(frozen.weights, before, strict=True):
        np.testing.assert_array_equal(value.numpy(), old)
    plain.set_weights(fused.get_weights())
    image = np.random.default_rng(2).normal(size=(1, 9, 9, 3))
    np.testing.assert_allclose(
        plain.predict(image, verbose=0),
        fused.predict(image, verbose=0),
        atol=1e-5,
    )
