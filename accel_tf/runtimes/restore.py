"""A segmenter by name, from weights or from exported programs."""

import pathlib

from accel_tf.models.presets import list_presets
from accel_tf.models.restore import restore_model
from accel_tf.runtimes.saved import is_saved_runtime, load_runtime


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
    folder = None
    if len(weights) == 1:
        folder = weights[0]
    elif not weights and name not in list_presets():
        folder = name
    if folder is not None and is_saved_runtime(folder):
        segmenter = load_runtime(folder)
        if weights and name not in (None, segmenter.name):
            raise ValueError(f"{folder} holds {segmenter.name}, not {name}.")
        if num_classes not in (None, segmenter.num_classes):
            raise ValueError(
                f"{folder} holds {segmenter.name} with "
                f"{segmenter.num_classes} classes, not {num_classes}; leave "
                "--num-classes out."
            )
        info = segmenter.info
        return segmenter, (
            f"{info.name} in {info.precision} for {info.runtime} from {folder}."
        )
    for path in weights:
        if pathlib.Path(path).is_dir():
            raise ValueError(
                f"{path} is a folder, and none that accel-tf export wrote "
                "with --format onnx, openvino or litert."
            )
    return restore_model(name, weights, num_classes)
