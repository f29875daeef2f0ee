"""A teacher from what the command line says."""

import pathlib

from accel_tf.distill.teachers.folder import FolderTeacher
from accel_tf.distill.teachers.model import ModelTeacher
from accel_tf.models.presets import list_presets
from accel_tf.runtimes.restore import restore_segmenter
from accel_tf.runtimes.saved import is_saved_runtime


def make_teacher(text, class_names):
    """The teacher that is meant.

    Args:
        text: one of

            - `PRESET:FILE`, a preset and its weights, of any kind that
              `--weights` takes;
            - a preset that comes with weights, or `hub:NAME`;
            - the file of a model: `.keras`, `.onnx`, `.tflite`, or a folder
              that `accel-tf export` wrote;
            - a folder of label images, see `FolderTeacher`.
        class_names: of the student, in the order of its labels.

    Returns:
        `(teacher, message)`: the message is one line about it.

    Raises:
        ValueError, OSError, ImportError: one line, if it is none of these,
            or cannot be loaded.
    """
    path = pathlib.Path(text)
    if path.is_dir() and not is_saved_runtime(text) and _is_of_labels(path):
        return FolderTeacher(text, class_names), f"labels from {text}."
    preset, separator, file = text.partition(":")
    if separator and preset in list_presets():
        model, message = restore_segmenter(preset, [file], len(class_names))
    elif preset == "hub" or text in list_presets():
        model, message = restore_segmenter(text)
    elif path.exists():
        # What gives labels and no scores does not say of how many classes.
        known = path.suffix in (".tflite", ".onnx")
        model, message = restore_segmenter(
            text, (), len(class_names) if known else None
        )
    else:
        raise ValueError(
            f"{text} is no teacher; give PRESET:FILE, such as "
            "deeplab_xception_65:FILE, a folder of label images, or the file "
            "of a model (.keras, .onnx, .tflite)."
        )
    return ModelTeacher(model, class_names), message


def _is_of_labels(folder):
    return not (folder / "saved_model.pb").is_file()
