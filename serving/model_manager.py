"""Keeps the models loaded that are to be served.

Folders of versions are watched; a new version is loaded before an old one
goes, and an old one stays until the last request that uses it has ended.
"""

import contextlib
import logging
import pathlib
import threading
import time

from accel_tf.give_back_memory import give_back_memory
from accel_tf.serving.metrics import Metrics
from accel_tf.serving.model_config import find_versions, parse_model_configs
from accel_tf.serving.model_version import (
    ModelVersion,
    ServedModel,
    contents,
    find_version,
)
from accel_tf.serving.periodic import PeriodicCalls
from accel_tf.serving.tensors import ServingError

_log = logging.getLogger(__name__)


class ModelManager:
    """Loads, replaces and unloads versions of models.

    `start()` loads what is there and begins to watch; `close()` ends it.
    The state of streams is part of a loaded version and ends with it.

    Args:
        load: called as `load(name, version, path)` for a version to load;
            gives a `SavedModelServable` or what is used like one.
        models: iterable of `ModelConfig`.
        config_file: path of a file that `parse_model_configs` reads, rather
            than `models`.
        poll_seconds: time between two looks at the folders of versions; 0 or
            less for one look at the start only.
        config_poll_seconds: the same for `config_file`.
        load_retries: how often a version that could not be loaded is tried
            again, unless its files change.
        load_retry_seconds: time between these.
        allow_labels_for_unavailable_models: whether a label may be used
            before the version that it points to is loaded.
        metrics: a `Metrics`.
        clock: function that gives the time in seconds.

    Raises:
        ValueError: if the config file is not valid.
        OSError: if it cannot be read.
    """

    def __init__(
        self,
        load,
        models=(),
        *,
        config_file=None,
        poll_seconds=1.0,
        config_poll_seconds=0.0,
        load_retries=5,
        load_retry_seconds=60.0,
        allow_labels_for_unavailable_models=False,
        metrics=None,
        clock=time.monotonic,
    ):
        self.metrics = metrics or Metrics()
        self._load = load
        self._load_retries = load_retries
        self._load_retry_seconds = load_retry_seconds
        self._allow_any_label = allow_labels_for_unavailable_models
        self._clock = clock
        self._lock = threading.Lock()
        self._unloaded = threading.Condition(self._lock)
        # One look at a time; taken before `_lock`.
        self._poll_lock = threading.Lock()
        self._models = {}
        self._is_tidy = True
        self._leaving = set()
        self._config_file = config_file and pathlib.Path(config_file)
        self._config_text = None
        self._config_fault = None
        if self._config_file:
            text = self._config_file.read_text("utf-8")
            models = parse_model_configs(text)
            self._config_text = text
        self._set_models(models)
        periods = {self.poll: poll_seconds}
        if self._config_file:
            periods[self.poll_config] = config_poll_seconds
        self._watch = PeriodicCalls(periods)

    def start(self):
        """Loads what is there, not logging faults, then watches in a thread."""
        self.poll(warn=False)
        self._watch.start()

    def close(self, seconds=10.0):
        """Stops watching and unloads all models.

        Args:
            seconds: how long to wait for the requests that use them.
        """
        self._watch.stop()
        with self._poll_lock:
            self._set_models(())
        with self._unloaded:
            self._unloaded.wait_for(lambda: not self._leaving, seconds)

    @contextlib.contextmanager
    def servable(self, name, version=None, label=None):
        """Gives a loaded model, which stays loaded inside.

        Args:
            name: of the model.
            version: number of the version; by default the one of `label`,
                else the highest.
            label: label of the version.

        Raises:
            ServingError: NOT_FOUND; there is none. INVALID_ARGUMENT; there is
                no such label.
        """
        with self._lock:
            used = find_version(self._models, name, version, label)
            used.users += 1
        try:
            yield used.servable
        finally:
            with self._lock:
                used.users -= 1
                is_last = used.state == "UNLOADING" and not used.users
            if is_last:
                self._unload(used)

    def versions(self, name, version=None):
        """The states of a model's versions, the highest one first.

        Args:
            name: of the model.
            version: number of the only one wanted; None for all.

        Returns:
            list of `VersionStatus`.

        Raises:
            ServingError: NOT_FOUND; there is none.
        """
        with self._lock:
            model = self._models.get(name)
            # Of two folders for one number, the one that came last.
            statuses = {
                each.number: each.status()
                for each in (model.versions.values() if model else ())
                if version in (None, each.number)
            }
        if not statuses:
            raise ServingError(
                "NOT_FOUND",
                f"Could not find any versions of model {name}"
                if version is None
                else f"Could not find version {version} of model {name}",
            )
        return [statuses[number] for number in sorted(statuses, reverse=True)]

    def names(self):
        """The names of the models, sorted."""
        with self._lock:
            return sorted(self._models)

    def faults(self):
        """What keeps models from being served as they should; one line each."""
        with self._lock:
            return [
                model.fault for model in self._models.values() if model.fault
            ]

    def metrics_text(self):
        """All metrics in Prometheus' text format."""
        with self._lock:
            served = [
                (name, version.number)
                for name, model in self._models.items()
                for version in model.available()
            ]
        stats = []
        for name, number in served:
            # It may have gone meanwhile.
            with contextlib.suppress(ServingError):
                with self.servable(name, number) as servable:
                    stats.append((name, number, servable.stats()))
        return self.metrics.text(stats)

    def poll(self, warn=True):
        """Looks once at the folders; loads, unloads and logs new faults."""
        with self._poll_lock:
            self._tidy()
            for model in self._models.values():
                fault = self._poll_model(model)
                if warn and fault and fault != model.fault:
                    _log.warning("%s", fault)
                with self._lock:
                    model.fault = fault

    def poll_config(self):
        """Looks once at the config file; a faulty one changes nothing."""
        with self._poll_lock:
            try:
                text = self._config_file.read_text("utf-8")
                if text == self._config_text:
                    return
                models = parse_model_configs(text)
            except (OSError, ValueError) as error:
                fault = f"the model config stays as it was: {error}"
                if fault != self._config_fault:
                    _log.warning("%s", fault)
                self._config_fault = fault
                return
            self._config_text, self._config_fault = text, None
            self._set_models(models)
        self.poll()

    def _tidy(self):
        """Gives back what loading and unloading has left since the last look.

        Not at once: whoever used a version last may still hold it, and a
        request should not wait for it.
        """
        with self._lock:
            is_tidy, self._is_tidy = self._is_tidy, True
        if not is_tidy:
            give_back_memory()

    def _set_models(self, configs):
        """Replaces the configuration; called with `_poll_lock` held."""
        with self._lock:
            names = {config.name for config in configs}
            removed = [
                self._models.pop(name)
                for name in list(self._models)
                if name not in names
            ]
            for config in configs:
                if config.name in self._models:
                    self._models[config.name].config = config
                else:
                    self._models[config.name] = ServedModel(config)
            leaving = [
                version for model in removed for version in model.available()
            ]
        self._retire(leaving)

    def _poll_model(self, model):
        """Gives what is wrong with the model in one line, or None."""
        name, base_path = model.config.name, model.config.base_path
        try:
            found = find_versions(base_path)
        except OSError as error:
            # Perhaps a disk is away for a while: nothing is unloaded.
            reason = (error.strerror or str(error)).lower()
            return f"model {name}: cannot read {base_path}: {reason}."
        chosen = model.config.policy.choose(found)
        wanted = {(number, found[number]) for number in chosen}
        # The highest first: it answers the requests that name no version.
        for number, path in sorted(wanted, reverse=True):
            self._load_if_due(model, number, path)
        with self._lock:
            served = [
                key
                for key, version in model.versions.items()
                if key in wanted and version.state == "AVAILABLE"
            ]
            leaving = [
                version
                for key, version in model.versions.items()
                if key not in wanted and version.state == "AVAILABLE"
            ]
            model.forget_ended(wanted)
        if served or not wanted:
            self._retire(leaving)
        if not found:
            return f"model {name}: no version in {base_path}."
        if not wanted:
            return f"model {name}: none of its versions is in {base_path}."
        with self._lock:
            return model.find_fault(wanted, self._allow_any_label)

    def _load_if_due(self, model, number, path):
        key = number, path
        with self._lock:
            version = model.versions.get(key)
            if version is None:
                version = model.versions[key] = ModelVersion(number, path)
            if not version.wants_load(self._clock()):
                return
            version.state = "LOADING"
        name = model.config.name
        before = contents(path)
        try:
            servable = self._load(name, number, path)
        except Exception as error:
            if not isinstance(error, ServingError):
                error = ServingError("UNKNOWN", " ".join(str(error).split()))
            retry_time = None
            if version.failed_loads < self._load_retries:
                retry_time = self._clock() + self._load_retry_seconds
            with self._lock:
                version.set_failed(error, before, retry_time)
            return
        with self._lock:
            version.set_available(servable)
            self._is_tidy = False
        _log.info("Version %d of model %s is loaded", number, name)

    def _retire(self, versions):
        """Lets go of loaded versions, each when its last request has ended."""
        with self._lock:
            unused = [version for version in versions if not version.users]
            for version in versions:
                version.state = "UNLOADING"
                self._leaving.add(version)
        for version in unused:
            self._unload(version)

    def _unload(self, version):
        servable, version.servable = version.servable, None
        try:
            servable.close()
        except Exception:
            _log.exception("Version %d could not be closed", version.number)
        with self._unloaded:
            version.state = "END"
            self._is_tidy = False
            self._leaving.discard(version)
            self._unloaded.notify_all()
        _log.info(
            "Version %d of model %s is unloaded",
            version.number,
            servable.name,
        )
