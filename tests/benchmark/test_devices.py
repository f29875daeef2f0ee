import importlib.util

import pytest

from accel_tf.benchmark import devices
from accel_tf.benchmark.devices import DeviceLimits
from accel_tf.benchmark.worker import Worker

# The quicker to import.
BACKEND = "jax" if importlib.util.find_spec("jax") else "tensorflow"


def test_environment():
    variables = devices.environment("torch", 3, "cpu")
    assert variables["KERAS_BACKEND"] == "torch"
    assert variables["OMP_NUM_THREADS"] == "3"
    assert variables["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "CUDA_VISIBLE_DEVICES" not in devices.environment("jax", 1, "gpu")


def test_keras_must_run_on_the_backend(monkeypatch):
    monkeypatch.setattr(devices.keras.backend, "backend", lambda: "torch")
    with pytest.raises(ValueError, match="runs on torch here, not on jax"):
        devices.prepare("jax", 1, "cpu")


class Device:
    """What is asked of a process that hides all GPUs."""

    def measured(self):
        arguments = BACKEND, ("bfloat16", "float32"), "cpu", 64, 2**20
        return DeviceLimits(*arguments).measure()

    def refused(self):
        with pytest.raises(ValueError) as error:
            DeviceLimits(BACKEND, ("float32",))
        return str(error.value)


@pytest.fixture(scope="module")
def device():
    environment = devices.environment(BACKEND, 1, "cpu")
    worker = Worker(Device, environment=environment)
    yield worker
    worker.close()


def test_limits_of_a_device(device):
    """On a processor too, so that they can be tried anywhere."""
    measured = device.ask("measured")
    assert set(measured["gigaflops"]) == {"bfloat16", "float32"}
    assert min(measured["gigaflops"].values()) > 0
    assert measured["gigabytes"] > 0


def test_no_gpu(device):
    # CUDA is hidden from it, whether there is a GPU or not.
    assert device.ask("refused").startswith(f"{BACKEND} finds no GPU here")
