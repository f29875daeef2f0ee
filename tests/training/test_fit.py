import keras
import numpy as np
import pytest
import tensorflow as tf

from accel_tf.training.fit import fit


def small_model():
    """To be trained without XLA, which takes long to compile."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(6, activation="relu"),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(1),
        ]
    )
    schedule = keras.optimizers.schedules.CosineDecay(0.05, 10)
    model.compile(
        keras.optimizers.Adam(schedule), loss="mse", jit_compile=False
    )
    return model


def batches(epoch):
    random = np.random.default_rng(epoch)
    examples = random.normal(size=(64, 4)).astype("float32")
    targets = examples.sum(1, keepdims=True)
    return tf.data.Dataset.from_tensor_slices((examples, targets)).batch(8)


class Killed(Exception):
    pass


class KillAt(keras.callbacks.Callback):
    """Stops the process, as far as the training can tell."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.at = epoch, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise Killed


def train(folder, steps=10, **options):
    model = small_model()
    history = fit(
        model,
        batches,
        steps=steps,
        steps_per_epoch=4,
        folder=folder,
        verbose=0,
        **options,
    )
    return model, history


def test_a_killed_run_ends_with_the_weights_of_an_unbroken_one(tmp_path):
    whole, whole_history = train(tmp_path / "whole")
    for at in ((0, 2), (1, 1), (2, 0)):
        with pytest.raises(Killed):
            train(tmp_path / "killed", callbacks=[KillAt(*at)])
    resumed, history = train(tmp_path / "killed")
    for logs in (*history, *whole_history):
        assert logs.pop("seconds") >= 0
    assert history == whole_history
    assert int(resumed.optimizer.iterations) == 10
    for one, other in zip(
        whole.get_weights(), resumed.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_a_finished_run_goes_on_with_more_steps(tmp_path):
    train(tmp_path / "more", steps=4)
    _, history = train(tmp_path / "more", steps=10)
    _, whole_history = train(tmp_path / "whole")
    for logs in (*history, *whole_history):
        logs.pop("seconds")
    assert history == whole_history


def test_a_run_goes_on_after_a_short_epoch(tmp_path):
    lengths = []

    class Count(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            lengths.append((epoch, int(self.model.optimizer.iterations)))

    train(tmp_path, steps=6)
    with pytest.raises(Killed):
        train(tmp_path, steps=13, callbacks=[Count(), KillAt(3, 1)])
    _, history = train(tmp_path, steps=13, callbacks=[Count()])
    assert lengths == [(2, 10), (3, 13)]
    assert len(history) == 4


def test_a_validation_that_fails_costs_no_epoch(tmp_path):
    scored, kept = [], []

    def fail(model, epoch):
        raise Killed

    def validate(model, epoch):
        scored.append(epoch)
        return {"score": float(epoch)}

    def keep(history):
        kept.append([logs["score"] for logs in history])

    with pytest.raises(Killed):
        train(tmp_path, validate=fail)
    assert len(list(tmp_path.glob("epoch_00001*"))) == 1
    _, history = train(tmp_path, validate=validate, keep=keep)
    assert scored == [0, 1, 2]
    assert kept == [[0], [0, 1], [0, 1, 2]]
    assert [logs["score"] for logs in history] == [0, 1, 2]


def test_the_last_epoch_takes_what_is_left_of_the_steps(tmp_path):
    seen = []

    class Count(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((epoch, int(self.model.optimizer.iterations)))

    train(tmp_path, callbacks=[Count()])
    assert seen == [(0, 4), (1, 8), (2, 10)]


def test_a_finished_run_is_not_trained_again(tmp_path):
    first, history = train(tmp_path)
    again, same = train(tmp_path, callbacks=[KillAt(0, 0)])
    assert same == history and len(history) == 3
    for one, other in zip(
        first.get_weights(), again.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_only_the_last_state_is_kept(tmp_path):
    train(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "epoch_00003.weights.h5",
        "history.json",
    ]


def test_a_process_that_may_not_write_leaves_nothing(tmp_path):
    folder = tmp_path / "state"
    train(folder, writes=False)
    assert not folder.exists()


def test_validation_goes_into_the_history(tmp_path):
    calls = []

    def validate(model, epoch):
        calls.append((epoch, int(model.optimizer.iterations)))
        return {"score": epoch / 2}

    _, history = train(tmp_path, validate=validate)
    assert calls == [(0, 4), (1, 8), (2, 10)]
    assert [logs["score"] for logs in history] == [0.0, 0.5, 1.0]
    assert all(np.isfinite(logs["loss"]) for logs in history)
