"""A model by name, from weights or from exported programs."""

import os
import pathlib

from accel_tf.runtimes.classifier import RuntimeClassifier
from accel_tf.runtimes.saved import is_saved_runtime, load_runtime
from accel_tf.runtimes.segmenter import RuntimeSegmenter

# What builds models is imported when it is needed: exported programs start
# without Keras.


def load_model(path, preset=None, num_classes=None):
    """Gets a segmenter, or a classifier of clips, back from files.

        model = accel_tf.load_model("street.keras")
        model = accel_tf.load_model("accel_18-0000.params", "accel_18")
        stream = accel_tf.VideoStream(model)
        labels = stream(frame[None])[0]  # frame [H, W, 3], labels [H, W]

    | `path` | gives |
    |---|---|
    | a `.keras` file of a segmenter or a clip classifier | it, with its class names and colours |
    | a `.keras` file of any other Keras model, an `.onnx` or `.tflite` file, a SavedModel's folder | what `accel_tf.per_frame` makes of it without further arguments |
    | a folder that `accel-tf export` or `RuntimeSegmenter.save` wrote for OpenVINO, ONNX Runtime or LiteRT | a `RuntimeSegmenter` or `RuntimeClassifier` |
    | `.weights.h5`, or an official checkpoint of MXNet or PyTorch; with `preset` | that preset with these weights |

    A model that has to see frames other than RGB, 0..255, is read by
    `accel_tf.per_frame(path, mean=..., ...)` instead. A file of Keras may hold
    code of others: `keras.saving.load_model`, which reads it, refuses to run
    that.

    Args:
        path: of the file or folder, or a list of checkpoints of MXNet, each
            laid over those before it.
        preset: one of `accel_tf.list_presets()`: what weights are of, which
            do not say it. Where a file holds a whole model, it must be this.
        num_classes: of weights, and of models that give labels instead of
            scores; 19 by default. All others know it.

    Returns:
        A `VideoSegmenter`, or a `RuntimeSegmenter`, which `VideoStream`
        takes as well; or a `ClipClassifier` or `RuntimeClassifier`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: one line, if a file is damaged, of another preset or
            number of classes, or holds weights and no `preset` was given.
        ImportError: if what runs the model is not installed.
    """  # noqa: E501
    from accel_tf.checkpoints.load import is_weights_path
    from accel_tf.models.per_frame.files import is_model_path
    from accel_tf.models.presets import list_presets
    from accel_tf.models.restore_any import names_classifier

    single = isinstance(path, str | os.PathLike)
    paths = [os.fspath(each) for each in ([path] if single else path)]
    if not paths:
        raise ValueError(
            "there is no path to load a model from; accel_tf.from_preset "
            "builds one with random weights."
        )
    for each in paths:
        if not (pathlib.Path(each).exists() or is_weights_path(each)):
            raise FileNotFoundError(f"no model file {each}.")
    if preset is not None:
        restore = restore_segmenter
        if preset in list_presets("classifier"):
            restore = restore_clips
        return restore(preset, paths, num_classes)[0]
    if len(paths) > 1 or not is_model_path(paths[0]):
        raise ValueError(
            f"{paths[0]} holds weights, which do not say what model they are "
            'of; give preset too, such as preset="accel_18".'
        )
    # A folder may be called like a preset: exports often are.
    name = paths[0]
    if name in list_presets():
        name = os.path.join(os.curdir, name)
    if is_saved_runtime(name):
        return _restored(name, None, (), num_classes)[0]
    if names_classifier(name):
        return restore_clips(name, (), num_classes)[0]
    return restore_segmenter(name, (), num_classes)[0]


def restore_segmenter(name, weights=(), num_classes=None):
    """What `restore_model` gives, or a `RuntimeSegmenter` from a folder.

    Args:
        name, num_classes: as for `restore_model`; without weights, the name
            may also be such a folder.
        weights: as for `restore_model`, or one folder that
            `RuntimeSegmenter.save` wrote.

    Returns:
        `(model, message)`: the message is one line about the weights.

    Raises:
        ValueError, OSError, ImportError: one line, as `restore_model` and
            `load_runtime`; also if the folder holds another model.
    """
    folder = _folder_of_programs(name, weights)
    if folder is not None:
        segmenter, message = _restored(folder, name, weights, num_classes)
        if not isinstance(segmenter, RuntimeSegmenter):
            raise ValueError(
                f"{folder} holds {segmenter.name}, which classifies clips and "
                "segments no frames; the verb for it is accel-tf classify."
            )
        return segmenter, message
    for path in weights:
        if pathlib.Path(path).is_dir():
            raise ValueError(
                f"{path} is a folder, and none that accel-tf export wrote "
                "with --format onnx, openvino or litert."
            )
    from accel_tf.models.restore import restore_model

    return restore_model(name, weights, num_classes)


def restore_clips(name, weights=(), num_classes=None, **arguments):
    """What `restore_classifier` gives, or a `RuntimeClassifier` from a folder.

    Args:
        name, weights: as for `restore_segmenter`, of classifiers.
        num_classes, **arguments: as for `restore_classifier`; of a folder
            only `class_names` can be chosen.

    Returns:
        `(model, message)`: the message is one line about the weights.

    Raises:
        ValueError, OSError, ImportError: one line, as `restore_classifier`
            and `load_runtime`; also if the folder holds another model.
    """
    from accel_tf.models import restore_classifier

    folder = _folder_of_programs(name, weights)
    if folder is None:
        return restore_classifier.restore_classifier(
            name, weights, num_classes, **arguments
        )
    classifier, message = _restored(folder, name, weights, num_classes)
    if not isinstance(classifier, RuntimeClassifier):
        raise ValueError(
            f"{folder} holds {classifier.name}, which segments frames and "
            "classifies no clips; the verb for it is accel-tf segment."
        )
    names = arguments.pop("class_names", None)
    if arguments:
        given = ", ".join(key.replace("_", " ") for key in arguments)
        raise ValueError(f"{given}: {folder} was exported with its own.")
    if names is not None:
        restore_classifier.check_class_names(names, classifier, folder)
        classifier.info.class_names = tuple(names)
    return classifier, message


def _folder_of_programs(name, weights):
    """The folder that is meant, or `None`."""
    if len(weights) == 1:
        return weights[0] if is_saved_runtime(weights[0]) else None
    if weights or name is None or not is_saved_runtime(name):
        return None
    from accel_tf.models.presets import list_presets

    # A folder may be called like a preset.
    return None if name in list_presets() else name


def _restored(folder, name, weights, num_classes):
    """`(model, message)` of a folder."""
    model = load_runtime(folder)
    if weights and name not in (None, model.name):
        raise ValueError(f"{folder} holds {model.name}, not {name}.")
    if num_classes not in (None, model.num_classes):
        raise ValueError(
            f"{folder} holds {model.name} with {model.num_classes} classes, "
            f"not {num_classes}; leave the number of classes out."
        )
    info = model.info
    return model, (
        f"{info.name} in {info.precision} for {info.runtime} from {folder}."
    )
