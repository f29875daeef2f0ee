"""Models of files."""

import pathlib

from accel_tf.models.restore import load_keras_model


def read_model(path, normalization, size=None, output=None):
    """Reads a model of one of the kinds of `per_frame`.

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
        return load_keras_model(path)
    raise ValueError(f"{path} is no model that per_frame takes.")
