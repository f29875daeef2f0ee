"""Keras' own files of whole models."""

import contextlib
import pathlib
import zipfile

import keras

from accel_tf.checkpoints.keras_files import check_claims
from accel_tf.files import replacing
from accel_tf.messages import one_line
from accel_tf.models.segmenter import VideoSegmenter


def load_keras_model(path, kind=VideoSegmenter):
    """Reads a `.keras` file.

    Args:
        path: of the file.
        kind: class of this library that it must hold.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged or holds something else.
    """
    if not pathlib.Path(path).is_file():
        raise FileNotFoundError(f"no weights file {path}.")
    model = read_keras_file(path)
    if not isinstance(model, kind):
        raise ValueError(
            f"{path} holds a {type(model).__name__}, not a {kind.__name__}."
        )
    return model


def read_keras_file(path):
    """Reads a `.keras` file of any model.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or claims far more than it has.
    """
    if not pathlib.Path(path).is_file():
        raise FileNotFoundError(f"no model file {path}.")
    try:
        # Other parts of the file are Keras' to judge.
        with contextlib.suppress(OSError, KeyError, zipfile.BadZipFile):
            check_claims(path)
        return keras.saving.load_model(path, compile=False)
    except Exception as error:
        reason = one_line(error)
        raise ValueError(f"{path} is not a .keras model: {reason}") from error


def save_model(model, path):
    """Writes a `.keras` file without the state of the training."""
    save_copy(copy_of(model), model, path)


def copy_of(model):
    """A model of the same kind without the state of a training."""
    return type(model).from_config(model.get_config())


def save_copy(copy, model, path):
    """Writes a `.keras` file of `copy` with the weights of `model`."""
    copy.set_weights(model.get_weights())
    with replacing(path) as partial:
        copy.save(partial)
