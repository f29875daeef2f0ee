"""Trains on one and on two logical devices; prints how they differ.

Run by `training/test_optimizers.py`.
"""

import keras
import numpy as np
import tensorflow as tf

from accel_tf.training import (
    SGD,
    ConstantWarmup,
    OhemCrossEntropy,
    SegmentationCrossEntropy,
    freeze,
    synchronize_batch_norm,
)


def train(strategy, loss, images, labels):
    with strategy.scope():
        keras.utils.set_random_seed(0)
        inputs = keras.Input((None, None, 2))
        x = keras.layers.Conv2D(4, 3, name="frozen")(inputs)
        x = keras.layers.Conv2D(4, 1, name="first")(x)
        x = keras.layers.BatchNormalization(momentum=0.5)(x)
        model = keras.Model(inputs, keras.layers.Conv2D(3, 1, name="last")(x))
        assert synchronize_batch_norm(model) == 1
        freeze(model, "frozen/*")
        model.compile(
            keras.optimizers.LossScaleOptimizer(
                SGD(ConstantWarmup(0.2, 0.1, 2), multipliers={"last/*": 2}),
                initial_scale=8.0,
            ),
            loss,
        )
        before = [v.numpy() for v in model.variables]
        model.fit(
            images, labels, batch_size=4, epochs=3, shuffle=False, verbose=0
        )
        after = [v.numpy() for v in model.variables]
    return np.concatenate(
        [
            np.stack([old.ravel(), new.ravel()], 1)
            for old, new in zip(before, after, strict=True)
        ]
    )


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, parts)
    tf.config.set_visible_devices([cpu])
    one = tf.distribute.OneDeviceStrategy("CPU:0")
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert two.num_replicas_in_sync == 2
    rng = np.random.default_rng(0)
    images = rng.standard_normal((8, 8, 8, 2)).astype("float32")
    labels = rng.integers(0, 3, (8, 6, 6), dtype=np.uint8)
    labels[1, :4] = 255  # images with unequal numbers of labels
    difference, change = 0.0, np.inf
    losses = [(SegmentationCrossEntropy(), images, labels)]
    # OHEM ranks the pixels of each device: with equal halves it is one.
    repeat = [0, 1, 0, 1, 4, 5, 4, 5]
    losses.append((OhemCrossEntropy(), images[repeat], labels[repeat]))
    for loss, *data in losses:
        first = train(one, loss, *data)
        second = train(two, loss, *data)
        difference = max(difference, np.abs(first - second).max())
        change = min(change, np.abs(first[:, 0] - first[:, 1]).max())
    print(difference, change)


if __name__ == "__main__":
    main()
