"""The versions of a model in a server, from their loading to their end."""

import os
import pathlib

from accel_tf.serving.tensors import ServingError, VersionStatus

_KEPT_ENDED_VERSIONS = 10


class ServedModel:
    """A model and what became of its versions.

    It has no lock, nor has `ModelVersion`: whoever owns them sees to that.

    Args:
        config: a `ModelConfig`.

    Attributes:
        config: as given; may be replaced.
        versions: dict of (number, path) -> `ModelVersion`; the order is that
            in which they came.
        labels: dict of label -> version, those that are in use.
        fault: what is wrong, in one line; None if nothing is.
    """

    def __init__(self, config):
        self.config = config
        self.versions = {}
        self.labels = {}
        self.fault = None

    def available(self):
        """List of the loaded versions."""
        return [
            version
            for version in self.versions.values()
            if version.state == "AVAILABLE"
        ]

    def find(self, number=None):
        """The loaded version of a number, or the highest; None if none is."""
        return max(
            (
                each
                for each in self.available()
                if number in (None, each.number)
            ),
            key=lambda version: version.number,
            default=None,
        )

    def forget_ended(self, wanted):
        """Drops the oldest of the ended versions, but none of `wanted`."""
        ended = [
            key
            for key, version in self.versions.items()
            if version.state == "END" and key not in wanted
        ]
        for key in ended[:-_KEPT_ENDED_VERSIONS]:
            del self.versions[key]

    def missing_labels(self):
        """Dict of the labels in `config` whose versions are not loaded."""
        loaded = {version.number for version in self.available()}
        return {
            label: number
            for label, number in self.config.labels.items()
            if number not in loaded
        }

    def find_fault(self, wanted, allow_any_label):
        """Takes the labels of `config` if it may, and looks what is wrong.

        Args:
            wanted: keys of the versions that should be served.
            allow_any_label: whether a label may be of a version that is not
                loaded.

        Returns:
            str, one line; `None` if nothing is wrong.
        """
        name, missing = self.config.name, self.missing_labels()
        if allow_any_label or not missing:
            self.labels = dict(self.config.labels)
        for key, version in self.versions.items():
            if key in wanted and version.state == "END":
                status = version.status()
                return (
                    f"model {name}: version {status.version} could not be "
                    f"loaded: {status.error_message}"
                )
        if self.labels != self.config.labels:
            label, number = next(iter(missing.items()))
            return (
                f"model {name}: label {label} is of version {number}, which "
                "is not loaded; the labels stay as they were."
            )
        return None


class ModelVersion:
    """A version that is served, was, or could not be.

    Args:
        number: of the version.
        path: `pathlib.Path` of its folder.

    Attributes:
        state: as in `VersionStatus`.
        servable: the loaded model, None if there is none.
        users: requests that use it.
    """

    def __init__(self, number, path):
        self.number = number
        self.path = path
        self.state = "START"
        self.servable = None
        self.users = 0
        self.failed_loads = 0
        self._error = ServingError("OK", "")
        self._retry_time = None
        self._contents = None

    def status(self):
        """A `VersionStatus`."""
        return VersionStatus(
            self.number, self.state, self._error.code, self._error.message
        )

    def set_available(self, servable):
        """Notes that the version is loaded."""
        self.servable = servable
        self._error = ServingError("OK", "")
        self.state = "AVAILABLE"

    def set_failed(self, error, contents, retry_time):
        """Notes that the version could not be loaded.

        Args:
            error: `ServingError`.
            contents: `contents()` of the folder before.
            retry_time: when to try again; None to wait for a change.
        """
        self._error = error
        self._contents = contents
        self._retry_time = retry_time
        self.failed_loads += 1
        self.state = "END"

    def wants_load(self, time):
        """Whether to load it now, if it is to be served.

        A version that failed gets another try at its time, and at once when
        its folder has changed: perhaps it was still being copied.
        """
        if self.state == "START":
            return True
        if self.state != "END":
            return False
        if self._error.code == "OK":
            return True
        if self._retry_time is not None and time >= self._retry_time:
            return True
        if contents(self.path) == self._contents:
            return False
        self.failed_loads = 0
        return True


def contents(path):
    """What tells one state of a folder's files from another."""
    found = []
    for folder, _, names in os.walk(path):
        for name in names:
            file = pathlib.Path(folder, name)
            try:
                stat = file.stat()
            except OSError:
                continue
            found.append((str(file), stat.st_size, stat.st_mtime_ns))
    return sorted(found)


def find_version(models, name, number=None, label=None):
    """Finds a loaded version.

    Args:
        models: dict of name -> `ServedModel`.
        name: of the model.
        number: of the version; by default the one of `label`, else the
            highest.
        label: of the version.

    Returns:
        A `ModelVersion`.

    Raises:
        ServingError: NOT_FOUND; there is none. INVALID_ARGUMENT; there is no
            such label.
    """
    model = models.get(name)
    if label is not None:
        number = model.labels.get(label) if model else None
        if number is None:
            raise ServingError(
                "INVALID_ARGUMENT",
                f"Unrecognized servable version label: {label}",
            )
    version = model.find(number) if model else None
    if version is None:
        asked = (
            f"Latest({name})"
            if number is None
            else f"Specific({name}, {number})"
        )
        raise ServingError(
            "NOT_FOUND", f"Servable not found for request: {asked}"
        )
    return version
