"""`model.fit` that goes on where it was stopped."""

import json
import math
import pathlib
import re
import time

import keras

from accel_tf.checkpoints.keras_files import save_weights
from accel_tf.files import read_json, write_text


def fit(
    model,
    make_dataset,
    *,
    steps,
    steps_per_epoch,
    folder,
    callbacks=(),
    validate=None,
    keep=None,
    writes=True,
    verbose="auto",
):
    """Trains a compiled model, one call of `model.fit` an epoch.

    After every epoch the weights, the optimizer's state and the history are
    stored in `folder`, before the epoch is validated: nothing that goes wrong
    there costs the epoch. A second call with the same folder goes on after
    the last epoch that was finished, validates it if that is still to be
    done, and ends with the weights that it would have had without the
    interruption: every epoch has a data set of its own, which depends on
    nothing but its number. With more steps than before a finished training
    goes on in new epochs, whatever the length of its last one.

    Args:
        model: compiled `keras.Model` whose weights exist.
        make_dataset: called with the number of an epoch, from 0; gives its
            `tf.data.Dataset`, endless or long enough.
        steps: updates in all.
        steps_per_epoch: updates in an epoch; the last may be shorter.
        folder: where the state of the training is kept.
        callbacks: Keras callbacks.
        validate: called with the model and the number of the epoch after
            each one; gives a dict of further logs.
        keep: called with the history after each epoch, when it is stored and
            validated; on processes that write only.
        writes: whether this process stores the state; of several workers
            only one may.
        verbose: of `model.fit`.

    Returns:
        The history: a list of dicts of logs, one an epoch; `seconds` is how
        long the epoch took, validation included.
    """
    folder = pathlib.Path(folder)
    if writes:
        folder.mkdir(parents=True, exist_ok=True)
    first, history = restore(model, folder)
    left = max(0, steps - updates(model))
    epochs = first + math.ceil(left / steps_per_epoch)

    def finish(epoch, start):
        logs = history[epoch]
        if validate is not None:
            logs.update(validate(model, epoch))
        logs["seconds"] = round(time.monotonic() - start, 1)
        if writes:
            if keep is not None:
                keep(history)
            _store_history(folder, history)

    if history and "seconds" not in history[-1]:
        finish(first - 1, time.monotonic())
    for epoch in range(first, epochs):
        start = time.monotonic()
        _start_random_numbers(model, epoch)
        logs = model.fit(
            make_dataset(epoch),
            steps_per_epoch=min(steps_per_epoch, steps - updates(model)),
            initial_epoch=epoch,
            epochs=epochs,
            callbacks=[*callbacks, _OneEpoch()],
            shuffle=False,  # the data set's own business
            verbose=verbose,
        ).history
        logs = {name: float(value[-1]) for name, value in logs.items()}
        history.append(logs)
        if writes:
            _store(model, folder, epoch + 1, history)
        finish(epoch, start)
    return history


def _start_random_numbers(model, epoch):
    """Makes dropout depend on the epoch; Keras stores no state of it."""
    for variable in model.non_trainable_variables:
        if variable.name == "seed_generator_state":
            seed = keras.ops.convert_to_numpy(variable)[0]
            variable.assign([seed, epoch << 16])


def updates(model):
    """Number of updates so far; also under a `tf.distribute` strategy."""
    return int(keras.ops.convert_to_numpy(model.optimizer.iterations))


class _OneEpoch(keras.callbacks.Callback):
    """Ends `model.fit`, which knows how many epochs there are in all."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True


def restore(model, folder):
    """Loads what `fit` stored last.

    Args:
        model: compiled as it was.
        folder: as given to `fit`.

    Returns:
        `(epochs, history)`: the number of epochs that are finished, 0
        if nothing is stored, and their history.
    """
    number, path = _latest(pathlib.Path(folder))
    if not number:
        return 0, []
    model.optimizer.build(model.trainable_variables)
    model.load_weights(path)
    history = read_json(path.with_name("history.json"))
    return number, history[:number]


def _latest(folder):
    states = [
        (int(match[1]), path)
        for path in folder.glob("epoch_*.weights.h5")
        if (match := re.fullmatch(r"epoch_(\d+)\.weights\.h5", path.name))
    ]
    return max(states, default=(0, None))


def _store(model, folder, epoch, history):
    # The history first: it may be longer than the state, not shorter.
    _store_history(folder, history)
    path = folder / f"epoch_{epoch:05d}.weights.h5"
    save_weights(model, path)
    for old in folder.glob("epoch_*.weights.h5"):
        if old != path:
            old.unlink()


def _store_history(folder, history):
    write_text(folder / "history.json", json.dumps(history, indent=1) + "\n")
