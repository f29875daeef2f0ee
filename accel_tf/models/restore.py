"""A model by name, with weights from whatever file, and back to a file."""

import pathlib

import keras

from accel_tf.checkpoints import load_checkpoint
from accel_tf.files import replacing
from accel_tf.models.presets import describe_preset, from_preset
from accel_tf.models.segmenter import VideoSegmenter


def restore_model(name, weights=(), num_classes=19):
    """Builds a preset and loads its weights.

    Args:
        name: one of `accel_tf.list_presets()`.
        weights: files: one `.keras` model, which brings its own class names
            and colours; one `.weights.h5`; or official checkpoints, each
            laid over those before it. With none the weights are random.
        num_classes: of the weights; a `.keras` model knows it.

    Returns:
        `(model, message)`: the message is one line about the weights.

    Raises:
        FileNotFoundError: if a file does not exist.
        ValueError: if a file is not of this preset, or damaged.
    """
    describe_preset(name)  # an unknown name before any work
    for path in weights:
        if not pathlib.Path(path).is_file():
            raise FileNotFoundError(f"no weights file {path}.")
    if len(weights) == 1 and str(weights[0]).endswith(".keras"):
        model = load_keras_model(weights[0])
        if model.name != name:
            raise ValueError(f"{weights[0]} holds {model.name}, not {name}.")
        return model, f"{name} from {weights[0]}."
    model = from_preset(name, num_classes=num_classes)
    if not weights:
        return model, (
            f"{name} has random weights: the segmentation means nothing; "
            "give trained ones with --weights FILE."
        )
    return model, f"{name}: {load_checkpoint(model, *weights)}."


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
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path} is not a .keras model: {reason}") from error
    if not isinstance(model, kind):
        raise ValueError(
            f"{path} holds a {type(model).__name__}, not a {kind.__name__}."
        )
    return model


def save_model(model, path):
    """Writes a `.keras` file without the state of the training."""
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    with replacing(path) as partial:
        copy.save(partial)
