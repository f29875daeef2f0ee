"""A model by name, with weights from whatever file the user has."""

import pathlib

import keras

from accel_tf.checkpoints import load_checkpoint
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
        model = _load_keras_model(weights[0])
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


def _load_keras_model(path):
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path} is not a .keras model: {reason}") from error
    if not isinstance(model, VideoSegmenter):
        raise ValueError(
            f"{path} holds a {type(model).__name__}, not a video segmenter."
        )
    return model
