"""A clip classifier by name, with weights from whatever file."""

import contextlib
import pathlib
import re
import zipfile

from accel_tf.checkpoints.keras_files import shapes_of_file
from accel_tf.checkpoints.load import (
    is_weights_path,
    load_checkpoint,
    read_torch_weights,
)
from accel_tf.checkpoints.torch_files import is_torch_file
from accel_tf.data.frame_steps import AS_TRAINED, check_frame_step
from accel_tf.layers.initial_values import without_random_values
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.keras_files import read_keras_file
from accel_tf.models.presets import (
    describe_preset,
    from_preset,
    list_presets,
)
from accel_tf.models.segmenter import VideoSegmenter

RANDOM = "random"
"""Instead of a file of weights: none at all."""

# Of all layers of the head the last alone has a bias.
_LAST_BIAS = re.compile(r"head/layers/conv2d\w*/vars/1")


def restore_classifier(
    name,
    weights=(),
    num_classes=None,
    class_names=None,
    frame_step=AS_TRAINED,
    **arguments,
):
    """Builds a preset and loads its weights, or reads a model's file.

    Args:
        name: one of `accel_tf.list_presets("classifier")`, or the path of a
            `.keras` file of a `ClipClassifier`. With `None` a `.keras` file
            among the weights says it.
        weights: one file: official (`.pth`, `.pyth`), `.weights.h5`, or
            `.keras`; or `"random"` alone.
        num_classes: of the weights; by default what the file is for, or with
            random weights as many as there are names, or else 400.
        class_names: of the classes, in their order; by default those of a
            `.keras` file, or else numbers.
        frame_step: of the clips, as of `ClipClassifier`; by default that of
            a `.keras` file, or the published one.
        **arguments: further ones of `ClipClassifier` for a preset, such as
            `crop_size` or `frames`. A `.keras` file knows them.

    Returns:
        `(model, message)`: the message is one line about the weights.

    Raises:
        FileNotFoundError: if a file does not exist.
        ValueError: one line, if a file is of another model or number of
            classes, or damaged; if there are more or fewer names than
            classes; if there are no weights and random ones were not asked
            for.
    """
    model, message = _restored(
        name, weights, num_classes, class_names, arguments
    )
    if frame_step != AS_TRAINED:
        check_frame_step(frame_step)
        model.frame_step = frame_step
    return model, message


def _restored(name, weights, num_classes, class_names, arguments):
    name, weights = _named(name, [str(each) for each in weights])
    if name.endswith(".keras"):
        return _from_keras(name, weights, num_classes, class_names, arguments)
    _check_is_classifier(name)
    if not weights:
        raise ValueError(
            f"{name} has no weights; give --weights FILE, or --weights random "
            "for one that knows nothing."
        )
    if len(weights) == 1 and weights[0].endswith(".keras"):
        model, message = _from_keras(
            weights[0], [], num_classes, class_names, arguments
        )
        if model.name != name:
            raise ValueError(f"{weights[0]} holds {model.name}, not {name}.")
        return model, message
    is_random = weights == [RANDOM]
    files = [] if is_random else weights
    if num_classes is None:
        num_classes = _classes_of_files(files)
    if num_classes is None and is_random and class_names is not None:
        num_classes = len(class_names)
    initial = contextlib.nullcontext if is_random else without_random_values
    with initial():
        model = from_preset(name, num_classes, **arguments)
    _set_names(model, class_names, name if is_random else weights[0])
    if is_random:
        return model, f"{name} has random weights: its classes mean nothing."
    return model, f"{name}: {load_checkpoint(model, *files)}."


def classifier_of_files(name, files, num_classes=None):
    """The model that files of weights are for, with weights of any kind.

    Args:
        name: one of `accel_tf.list_presets("classifier")`.
        files, num_classes: as `weights` and `num_classes` of
            `restore_classifier`.

    Raises:
        FileNotFoundError, ValueError: as `restore_classifier`.
    """
    files = [str(each) for each in files]
    if len(files) == 1 and files[0].endswith(".keras"):
        return restore_classifier(name, files, num_classes)[0]
    if num_classes is None:
        num_classes = _classes_of_files(files)
    return from_preset(name, num_classes)


def _named(name, weights):
    """`(name, weights)`, where a file of a whole model is the name."""
    if name is not None:
        return str(name), weights
    if len(weights) == 1 and weights[0].endswith(".keras"):
        return weights[0], []
    raise ValueError(
        "which classifier is it? Give --model, one of "
        f"{', '.join(list_presets('classifier'))}, or a .keras file."
    )


def _check_is_classifier(name):
    describe_preset(name)  # an unknown name before any work
    if name not in list_presets("classifier"):
        raise ValueError(
            f"{name} segments frames and classifies no clips; the verb for it "
            "is accel-tf segment."
        )


def _from_keras(path, weights, num_classes, class_names, arguments):
    if weights:
        raise ValueError(
            f"the model {path} has its weights in it; leave out --weights."
        )
    model = read_keras_file(path)
    if isinstance(model, VideoSegmenter):
        raise ValueError(
            f"{path} holds {model.name}, which segments frames and classifies "
            "no clips; the verb for it is accel-tf segment."
        )
    if not isinstance(model, ClipClassifier):
        raise ValueError(
            f"{path} holds a {type(model).__name__}, not a ClipClassifier."
        )
    if num_classes not in (None, model.num_classes):
        raise ValueError(
            f"{path} is for {model.num_classes} classes, not {num_classes}; "
            "leave the number of classes out."
        )
    for key, value in arguments.items():
        if getattr(model, key) != value:
            raise ValueError(
                f"{path} has {key}={getattr(model, key)!r}, not {value!r}."
            )
    _set_names(model, class_names, path)
    return model, f"{model.name} from {path}."


def _set_names(model, class_names, what):
    if class_names is not None:
        check_class_names(class_names, model, what)
        model.class_names = tuple(class_names)


def check_class_names(class_names, model, what):
    """Raises `ValueError` if they are not as many as a model's classes.

    Args:
        class_names: the names.
        model: with `num_classes`.
        what: the model, for the message.
    """
    if len(class_names) != model.num_classes:
        raise ValueError(
            f"there are {len(class_names)} class names (--labels), and {what} "
            f"has {model.num_classes} classes; give one name for each."
        )


def _classes_of_files(files):
    """How many classes the last of the files is for, or `None`."""
    for path in files:
        if not is_weights_path(path):
            raise FileNotFoundError(f"no weights file {path}.")
    if not files:
        return None
    if is_torch_file(files[-1]):
        last = read_torch_weights(files[-1]).get("head.projection.weight")
        return len(last) if last is not None and last.ndim else None
    if not pathlib.Path(files[-1]).name.endswith(".weights.h5"):
        return None
    try:
        shapes = shapes_of_file(files[-1])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None  # What is wrong with it shows when it is loaded.
    found = [shapes[name] for name in shapes if _LAST_BIAS.fullmatch(name)]
    return found[0][0] if len(found) == 1 else None
