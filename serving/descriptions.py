"""What exported models say of themselves, beyond TensorFlow Serving's API.

An export holds `assets/accel_tf.json`: the names and colours of the classes,
the interval and more. `accel-tf serve` answers these at `MODELS_PATH`.
"""

import contextlib
import json
import logging
import pathlib

from accel_tf.data.label_maps import LabelMap
from accel_tf.files import read_json
from accel_tf.serving.tensors import ServingError

MODELS_PATH = "/accel/models.json"
"""Where a server describes its models, as `describe_models` gives it."""

_FILE = "assets/accel_tf.json"
_log = logging.getLogger(__name__)


def read_description(path):
    """The description in a SavedModel.

    Args:
        path: of the SavedModel's folder.

    Returns:
        dict; `None` if there is none, as in a model of another origin.
    """
    path = pathlib.Path(path) / _FILE
    try:
        description = read_json(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _log.warning("cannot read a description: %s", error)
        return None
    return description if isinstance(description, dict) else None


def describe_models(manager):
    """The descriptions of all loaded models that have one.

    Args:
        manager: a `ModelManager` whose models have an attribute
            `description`, as `read_description` gives it.

    Returns:
        bytes of JSON: `{"models": {name: {version: description}}}`.
    """
    models = {}
    for name in manager.names():
        versions = {}
        # It may go meanwhile.
        with contextlib.suppress(ServingError):
            for status in manager.versions(name):
                if status.state == "AVAILABLE":
                    with manager.servable(name, status.version) as servable:
                        versions[str(status.version)] = servable.description
        versions = {key: value for key, value in versions.items() if value}
        if versions:
            models[name] = versions
    return json.dumps({"models": models}).encode()


def described_label_map(document, name, version):
    """The classes of a model, as a server describes it.

    Args:
        document: the parsed answer at `MODELS_PATH`, whatever it is.
        name: of the model.
        version: its number.

    Returns:
        `LabelMap`; `None` if the server does not describe this model.
    """
    try:
        return _label_map(document["models"][name][str(version)])
    except (KeyError, TypeError, ValueError):
        return None


def described_model(document, name, version):
    """All that a server tells of a model.

    Args:
        document, name, version: as for `described_label_map`.

    Returns:
        dict; `None` if the server does not describe this model.
    """
    try:
        return dict(document["models"][name][str(version)])
    except (KeyError, TypeError, ValueError):
        return None


def described_names(document):
    """The names of the models that a server describes.

    Args:
        document: the parsed answer at `MODELS_PATH`, whatever it is.

    Returns:
        list of str; empty if the server describes none.
    """
    try:
        return sorted(map(str, document["models"]))
    except (KeyError, TypeError):
        return []


def read_label_map(path):
    """Reads the classes from the `assets/accel_tf.json` of an export.

    Args:
        path: of the file.

    Returns:
        `LabelMap`.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is no such file.
    """
    try:
        return _label_map(read_json(path))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} does not name classes; give {_FILE} of an export."
        ) from error


def _label_map(description):
    return LabelMap(description["class_names"], description["palette"])
