"""Which versions of which models to serve, and TensorFlow Serving's file."""

import dataclasses
import pathlib
import re

from google.protobuf import text_format

from accel_tf.serving.message_classes import (
    INT64,
    STRING,
    UINT32,
    message_class,
)

_LARGEST_VERSION = 2**63 - 1
# The names of the messages are not TensorFlow Serving's, the fields are.
_MESSAGES = {
    "Latest": {"num_versions": (1, UINT32)},
    "All": {},
    "Specific": {"versions": (1, [INT64])},
    "VersionPolicy": {
        "latest": (100, "Latest"),
        "all": (101, "All"),
        "specific": (102, "Specific"),
    },
    "VersionLabel": {
        "key": (1, STRING),
        "value": (2, INT64),
    },
    "ModelConfig": {
        "name": (1, STRING),
        "base_path": (2, STRING),
        "model_platform": (4, STRING),
        "model_version_policy": (7, "VersionPolicy"),
        "version_labels": (8, ["VersionLabel"]),
    },
    "ModelConfigList": {"config": (1, ["ModelConfig"])},
    "ModelServerConfig": {"model_config_list": (1, "ModelConfigList")},
}


@dataclasses.dataclass(frozen=True)
class VersionPolicy:
    """Which of the versions on disk to serve.

    Attributes:
        latest: how many of the highest versions; None for another choice.
        specific: the versions; None for another choice. With neither, all.
    """

    latest: int | None = None
    specific: frozenset[int] | None = None

    def choose(self, versions):
        """The set of those of `versions` to serve."""
        if self.specific is not None:
            return self.specific & set(versions)
        if self.latest is not None:
            return set(sorted(versions)[-self.latest :])
        return set(versions)


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """A model to serve.

    Attributes:
        name: name of the model in requests.
        base_path: `pathlib.Path` of the folder of its versions.
        policy: which of them to serve.
        labels: dict of label -> version.
    """

    name: str
    base_path: pathlib.Path
    policy: VersionPolicy = VersionPolicy(latest=1)
    labels: dict[str, int] = dataclasses.field(default_factory=dict)


def find_versions(base_path):
    """Finds the versions of a model on disk.

    Args:
        base_path: `pathlib.Path` of the folder of the versions.

    Returns:
        dict of number -> `pathlib.Path`: the folders named by a whole number
        that an int64 holds. Others are passed over.

    Raises:
        OSError: if the folder cannot be read.
    """
    versions = {}
    # Sorted, so that of 7 and 007 it is always the same one.
    for path in sorted(base_path.iterdir(), reverse=True):
        if re.fullmatch(r"[0-9]{1,40}", path.name) and path.is_dir():
            number = int(path.name)
            if number <= _LARGEST_VERSION:
                versions.setdefault(number, path)
    return versions


def parse_model_configs(text):
    """Parses a file such as `models.config` of TensorFlow Serving.

    Args:
        text: a `ModelServerConfig` message as text.

    Returns:
        list of `ModelConfig`.

    Raises:
        ValueError: if the text is no such message, or it does not describe
            what can be served.
    """
    try:
        parsed = text_format.Parse(text, message_class(_MESSAGES)())
    except text_format.ParseError as error:
        reason = str(error).replace("accel_tf.serving.", "")
        raise ValueError(f"no valid model config: {reason}") from error
    if not parsed.HasField("model_config_list"):
        # A file caught while it is written, rather than one of no models.
        raise ValueError("no valid model config: no model_config_list in it.")
    configs = [_config(each) for each in parsed.model_config_list.config]
    names = [config.name for config in configs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the model config names {name} more than once.")
    return configs


def _config(message):
    name = message.name
    if not name:
        raise ValueError("a model has no name; give it one.")
    if message.model_platform not in ("", "tensorflow"):
        raise ValueError(
            f"model {name} has model_platform {message.model_platform!r}; "
            'only "tensorflow" can be served.'
        )
    base_path = pathlib.Path(message.base_path)
    if not base_path.is_absolute():
        raise ValueError(
            f"model {name} has base_path {message.base_path!r}; it must be an "
            "absolute path."
        )
    labels = {}
    for label in message.version_labels:
        if label.key in labels:
            raise ValueError(
                f"model {name} has the label {label.key!r} more than once."
            )
        labels[label.key] = label.value
    return ModelConfig(name, base_path, _policy(message), labels)


def _policy(message):
    policy = message.model_version_policy
    chosen = [field.name for field, _ in policy.ListFields()]
    if len(chosen) > 1:
        raise ValueError(
            f"model {message.name} has the version policies "
            f"{' and '.join(chosen)}; give one."
        )
    if chosen == ["all"]:
        return VersionPolicy()
    if chosen == ["specific"]:
        if not policy.specific.versions:
            raise ValueError(
                f"model {message.name} has the version policy specific "
                "without versions."
            )
        return VersionPolicy(specific=frozenset(policy.specific.versions))
    # As in TensorFlow Serving no number is one version.
    return VersionPolicy(latest=policy.latest.num_versions or 1)
