"""A model by name, with weights from whatever file."""

import pathlib

from accel_tf.checkpoints.load import is_weights_path, load_checkpoint
from accel_tf.data.label_maps import CITYSCAPES
from accel_tf.layers.initial_values import without_random_values
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.keras_files import load_keras_model, read_keras_file
from accel_tf.models.per_frame.adapt import segmenter_of_file
from accel_tf.models.per_frame.files import is_model_path
from accel_tf.models.per_frame.hub import PREFIX, is_hub_name
from accel_tf.models.presets import (
    describe_preset,
    from_preset,
    list_presets,
)
from accel_tf.models.restore_classifier import (
    classifier_of_files,
    restore_classifier,
)
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.weights import shipped

RANDOM = "random"
"""Instead of a file of weights: none at all."""

_CLASSES = len(CITYSCAPES)  # where nothing says how many


def restore_model(name, weights=(), num_classes=None, skip_last=False):
    """Builds a preset and loads its weights, or reads a model's file.

    Args:
        name: one of `accel_tf.list_presets()`; `"hub:NAME"` of KerasHub; or
            a path to a model that `accel_tf.per_frame` takes: a `.keras`,
            `.onnx` or `.tflite` file, or a SavedModel's folder. With `None`
            a `.keras` file among the weights says it; without any weights it
            is the model that comes with the package.
        weights: files: one `.keras` model, which brings its own class names
            and colours; one `.weights.h5`; or official checkpoints, each
            laid over those before it; or `"random"` alone. None at all are
            enough for KerasHub's models, whose published ones are fetched,
            and for the presets that come with weights.
        num_classes: of the weights, and of models that give labels; 19 by
            default. A `.keras` model, KerasHub's and those that give scores
            know it; another number than theirs is refused.
        skip_last: as for `load_checkpoint`.

    Returns:
        `(model, message)`: the message is one line about the weights.

    Raises:
        FileNotFoundError: if a file does not exist.
        ValueError: if a file is not of this preset or this number of
            classes, or damaged; if a preset has no weights and random ones
            were not asked for.
        ImportError, OSError: one line, if what runs a model is missing, or
            published weights cannot be fetched.
    """
    model, message = _restored(name, list(weights), num_classes, skip_last)
    if num_classes not in (None, model.num_classes):
        raise ValueError(
            f"{model.name} has {model.num_classes} classes, not "
            f"{num_classes}; leave the number of classes out."
        )
    return model, message


def preset_of_files(name, files, num_classes=None):
    """The model that files of weights are for, with weights of any kind.

    Args:
        name: one of `accel_tf.list_presets()`; `None` if a `.keras` file
            says it.
        files: as `weights` of `restore_model`, one or more.
        num_classes: as for `restore_model`.

    Raises:
        ValueError: if a `.keras` file holds another model than is said, or
            there is none and no name.
        FileNotFoundError: if there is no such file.
    """
    if name in list_presets("classifier"):
        return classifier_of_files(name, files, num_classes)
    if len(files) == 1 and str(files[0]).endswith(".keras"):
        if name is None:
            model = read_keras_file(files[0])
            if isinstance(model, ClipClassifier):
                return restore_classifier(None, files, num_classes)[0]
            load_keras_model(files[0])
        return restore_model(name, files, num_classes)[0]
    if name is None:
        _implied(list(files))
    return from_preset(name, _CLASSES if num_classes is None else num_classes)


def _restored(name, weights, num_classes, skip_last):
    """What `restore_model` gives, of any number of classes that is known."""
    if name is None:
        name, weights = _implied(weights)
        if not weights and name == shipped.PRESET:
            return _shipped(name, _CLASSES)
    classes = _CLASSES if num_classes is None else num_classes
    # A folder may be called like a preset: exports often are.
    if name not in list_presets() and is_model_path(name):
        return _read_model(name, weights, classes)
    describe_preset(name)  # an unknown name before any work
    if name in list_presets("classifier"):
        raise ValueError(
            f"{name} classifies clips and segments no frames; the verb for it "
            "is accel-tf classify."
        )
    is_random = weights == [RANDOM]
    weights = [] if is_random else weights
    for path in weights:
        if not is_weights_path(path):
            raise FileNotFoundError(f"no weights file {path}.")
    if len(weights) == 1 and str(weights[0]).endswith(".keras"):
        model = load_keras_model(weights[0])
        if model.name != name.removeprefix(PREFIX):
            raise ValueError(f"{weights[0]} holds {model.name}, not {name}.")
        return model, f"{name} from {weights[0]}."
    if is_hub_name(name):
        fetches = not weights and not is_random
        model = from_preset(name, load_weights=fetches)
        if fetches:
            return model, f"{name} with KerasHub's published weights."
    elif not weights and not is_random:
        return _shipped(name, classes)
    elif is_random or skip_last:
        model = from_preset(name, num_classes=classes)
    else:
        with without_random_values():
            model = from_preset(name, num_classes=classes)
    if is_random:
        return model, (
            f"{name} has random weights: the segmentation means nothing."
        )
    report = load_checkpoint(model, *weights, skip_last=skip_last)
    return model, f"{name}: {report}."


def _implied(weights):
    """`(name, weights)` where no model was named."""
    if not weights:
        return shipped.PRESET, []
    if len(weights) == 1 and str(weights[0]).endswith(".keras"):
        return weights[0], []
    raise ValueError(
        f"the weights {weights[0]} do not say which model they are of; give "
        "--model NAME too."
    )


def _shipped(name, num_classes):
    """A preset that comes with weights; any other is refused."""
    if name not in shipped.PARTS:
        raise ValueError(
            f"{name} has no weights; give --weights FILE, or --weights random "
            "for one that knows nothing."
        )
    if num_classes != _CLASSES:
        raise ValueError(
            f"the weights that come with {name} are for {_CLASSES} classes, "
            f"not {num_classes}; give --weights FILE."
        )
    return shipped.default_model(name), f"{shipped.describe(name)}."


def _read_model(path, weights, num_classes):
    """What `restore_model` gives for a model's file."""
    if weights:
        raise ValueError(
            f"the model {path} has its weights in it; leave out --weights."
        )
    if pathlib.Path(path).suffix == ".keras":
        model = read_keras_file(path)
        if isinstance(model, VideoSegmenter):
            return model, f"{model.name} from {path}."
        if isinstance(model, ClipClassifier):
            raise ValueError(
                f"{path} holds {model.name}, which classifies clips and "
                "segments no frames; the verb for it is accel-tf classify."
            )
    model = segmenter_of_file(path, num_classes)
    return model, f"{path}, which gets frames as they are, 0 to 255."
