"""Models of files."""

import pathlib

from accel_tf.models.keras_files import read_keras_file
from accel_tf.models.per_frame.litert_file import LiteRTFile
from accel_tf.models.per_frame.onnx_file import ONNXFile
from accel_tf.models.per_frame.saved_model_folder import SavedModelFolder

_KINDS = {".onnx": ONNXFile, ".tflite": LiteRTFile}


def is_model_path(name):
    """Whether a name is that of a file or folder which `per_frame` takes.

    Args:
        name: what a user gave as a model.
    """
    path = pathlib.Path(name)
    return path.suffix in (".keras", *_KINDS) or path.is_dir()


def read_model(path, normalization, size=None, output=None):
    """Reads a model of one of the kinds of `per_frame`.

    Args:
        path: of the file, or a SavedModel's folder.
        normalization, size, output: of the program, if it is one.

    Returns:
        `keras.Model` or `ForeignProgram`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is of no known kind, damaged, or not as it should.
        ImportError: if what runs it is not installed.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no model file {path}.")
    if path.suffix == ".keras":
        return read_keras_file(path)
    if path.suffix in _KINDS and path.is_file():
        return _KINDS[path.suffix](path, normalization, size, output)
    if (path / "saved_model.pb").is_file():
        return SavedModelFolder(path, normalization, size, output)
    raise ValueError(
        f"{path} is no model: it must be a .keras, .onnx or .tflite file, or "
        "a folder with a saved_model.pb."
    )
