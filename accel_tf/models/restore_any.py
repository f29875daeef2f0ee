"""A segmenter or a clip classifier by name, with weights from any file."""

import json
import pathlib
import zipfile

import keras

from accel_tf.data.frame_steps import note_of_unknown_step
from accel_tf.messages import note
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.presets import list_presets
from accel_tf.models.restore import restore_model
from accel_tf.models.restore_classifier import restore_classifier

_MOST_CONFIG = 2**24  # bytes; a compressed one may claim any number


def restore_any(name, weights=(), num_classes=None, **of_classifiers):
    """As `restore_model` or `restore_classifier`, whichever is for it.

    Notes on stderr if a classifier does not tell the step of its clips.

    Args:
        name, weights, num_classes: as for these.
        **of_classifiers: further arguments of `restore_classifier`.

    Returns:
        `(model, message)`: the message is one line about the weights.

    Raises:
        ValueError, OSError, ImportError: one line, as these two; a
            `ValueError` if something for classifiers is given for a
            segmenter.
    """
    if names_classifier(name, weights):
        model, message = restore_classifier(
            name, weights, num_classes, **of_classifiers
        )
        unknown = note_of_unknown_step(model)
        if unknown:
            note(unknown)
        return model, message
    if of_classifiers:
        given = ", ".join(key.replace("_", " ") for key in of_classifiers)
        raise ValueError(
            f"{given}: for classifiers of clips ({_presets()}) only; leave "
            "that out."
        )
    return restore_model(name, weights, num_classes)


def names_classifier(name, weights=()):
    """Whether a preset or the model of a file classifies clips.

    Args:
        name, weights: as for `restore_model`. Files that cannot be read hold
            no classifier.
    """
    if name in list_presets("classifier"):
        return True
    if name is None and len(weights) == 1:
        name = weights[0]
    path = pathlib.Path(name or "")
    return path.suffix == ".keras" and _holds_classifier(path)


def _holds_classifier(path):
    try:
        with zipfile.ZipFile(path) as file, file.open("config.json") as text:
            config = json.loads(text.read(_MOST_CONFIG))
        kind = keras.saving.get_registered_object(config["registered_name"])
    except (
        OSError,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
        zipfile.BadZipFile,
    ):
        return False  # What is wrong with it shows when it is read.
    return isinstance(kind, type) and issubclass(kind, ClipClassifier)


def _presets():
    return ", ".join(list_presets("classifier"))
