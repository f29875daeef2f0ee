import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from accel_tf.training.distribution import (
    check_batch,
    data_parallel,
    training_strategy,
    worker,
)

# Logical devices can only be made before TensorFlow has started.
TRAIN = """
import sys, json
sys.modules["sklearn"] = None  # which Keras would import
import numpy as np
import tensorflow as tf, keras
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
# As tests/conftest.py does.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
from accel_tf.training import (
    SGD, SegmentationCrossEntropy, synchronize_batch_norm,
)
from accel_tf.training.distribution import training_strategy

random = np.random.default_rng(0)
images = random.integers(0, 256, (12, 32, 48, 3), dtype=np.uint8)
labels = random.integers(0, 3, (12, 32, 48), dtype=np.uint8)
# Devices see different numbers of pixels that count.
labels[::4, :20] = 255
data = tf.data.Dataset.from_tensor_slices((images, labels)).batch(4)
for name, (devices, synchronized) in json.loads(sys.argv[1]).items():
    strategy = training_strategy(devices)
    keras.utils.set_random_seed(0)
    with strategy.scope():
        inputs = keras.Input((None, None, 3))
        x = keras.layers.Rescaling(1 / 255)(inputs)
        x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.5)(x)
        x = keras.layers.Conv2D(3, 1)(keras.layers.ReLU()(x))
        model = keras.Model(inputs, x)
        if synchronized:
            synchronize_batch_norm(model)
        optimizer = SGD(0.05)
        optimizer.build(model.trainable_variables)
        model.compile(optimizer, SegmentationCrossEntropy(), jit_compile=False)
    history = model.fit(data, epochs=2, shuffle=False, verbose=0).history
    np.savez(f"{sys.argv[2]}/{name}", *model.get_weights(),
             loss=history["loss"], replicas=strategy.num_replicas_in_sync)
"""


def trained(folder, **runs):
    """What each run, (devices, synchronized), leaves: name -> arrays."""
    run = subprocess.run(
        [sys.executable, "-c", TRAIN, json.dumps(runs), str(folder)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return {name: np.load(folder / f"{name}.npz") for name in runs}


def difference(one, other):
    """The largest, as a share of the largest value of its kind."""
    return max(
        np.abs(one[key] - other[key]).max() / np.abs(one[key]).max()
        for key in one.files
        if key != "replicas"
    )


def test_two_devices_give_the_result_of_one(tmp_path):
    runs = trained(tmp_path, one=(1, True), two=(2, True))
    assert [int(run["replicas"]) for run in runs.values()] == [1, 2]
    assert difference(*runs.values()) < 1e-4


@pytest.mark.slow
def test_statistics_of_each_device_by_itself_give_another_result(tmp_path):
    one = trained(tmp_path, one=(1, True))["one"]
    # In a process of its own: devices are in one group at a time.
    apart = trained(tmp_path, apart=(2, False))["apart"]
    assert difference(one, apart) > 1e-2


def test_the_default_strategy_serves_one_device():
    strategy = training_strategy(devices=1)
    assert strategy.num_replicas_in_sync == 1
    assert worker(strategy) == (1, 0)


def test_devices_that_are_not_there_are_refused():
    count = len(tf.config.list_logical_devices("CPU"))
    with pytest.raises(
        ValueError, match=f"devices must be .* {count}, .* not 9"
    ):
        training_strategy(devices=9)


@pytest.mark.parametrize(
    ("batch_size", "replicas", "message"),
    [
        (7, 2, "a batch of 7 does not divide by 2 devices; use 6 or 8"),
        (1, 4, "a batch of 1 does not divide by 4 devices; use 4"),
        (0, 1, "a batch of 0 does not divide by 1 devices; use 1"),
    ],
)
def test_a_batch_must_divide_by_the_devices(batch_size, replicas, message):
    with pytest.raises(ValueError, match=message):
        check_batch(batch_size, replicas)


def test_a_batch_that_divides_passes():
    check_batch(8, 4)


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="there it is supported"
)
def test_data_parallel_is_for_jax():
    with pytest.raises(ValueError, match="for the JAX backend .KERAS_BACKEND"):
        data_parallel()
