"""Models whose versions come and go, without TensorFlow."""

import pytest

from accel_tf.serving.model_config import ModelConfig, VersionPolicy
from accel_tf.serving.model_manager import ModelManager
from accel_tf.serving.tensors import ServingError

LATEST = VersionPolicy(latest=1)


class FakeServable:
    """Answers with its version, unless it is closed."""

    def __init__(self, name, version, path):
        if (path / "broken").exists():
            raise ServingError("DATA_LOSS", "broken")
        self.name, self.version, self.path = name, version, path
        self.is_closed = False

    def run(self):
        assert not self.is_closed
        return self.version

    def stats(self):
        return {"streams": self.version}

    def close(self):
        assert not self.is_closed
        self.is_closed = True


class WatchedFolder:
    """A folder of versions, a clock and the managers that watch."""

    def __init__(self, folder):
        self.folder = folder / "m"
        self.folder.mkdir()
        self.now = 0.0
        self.loads = []
        self.managers = []

    def add(self, *numbers, broken=False):
        for number in numbers:
            made = self.folder / f".making-{number}"
            made.mkdir()
            if broken:
                (made / "broken").touch()
            made.rename(self.folder / str(number))

    def remove(self, number):
        path = self.folder / str(number)
        path.rename(self.folder / f".removed-{number}")

    def load(self, name, version, path):
        self.loads.append(version)
        return FakeServable(name, version, path)

    def manager(self, policy=LATEST, labels=(), **options):
        config = ModelConfig("m", self.folder, policy, dict(labels))
        if "config_file" not in options:
            options["models"] = [config]
        options = {"poll_seconds": 0, "clock": lambda: self.now} | options
        manager = ModelManager(self.load, **options)
        self.managers.append(manager)
        manager.start()
        return manager


def answer(manager, version=None, label=None):
    with manager.servable("m", version, label) as servable:
        return servable.run()


def states(manager):
    return {status.version: status.state for status in manager.versions("m")}


def code(action, *arguments, **keywords):
    with pytest.raises(ServingError) as info:
        action(*arguments, **keywords)
    return info.value.code, info.value.message
