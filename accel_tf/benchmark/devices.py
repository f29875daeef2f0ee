"""Threads, memory and accelerators of the frameworks that models run on."""

import importlib.metadata
import os
import pathlib
import platform
import re
import statistics
import sys

import keras

from accel_tf.benchmark.limits import time_calls

_MEGABYTES = 2**20


def environment(backend, threads, device):
    """Environment variables of a process; see `Worker`.

    Args:
        backend: Keras' backend, one of `accel_tf.benchmark.choices.BACKENDS`.
        threads: that a framework may use.
        device: one of `accel_tf.benchmark.choices.DEVICES`.
    """
    variables = {
        "KERAS_BACKEND": backend,
        # Of numpy, of PyTorch and of what oneDNN does.
        "OMP_NUM_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    if device == "cpu":
        variables["CUDA_VISIBLE_DEVICES"] = "-1"
        variables["JAX_PLATFORMS"] = "cpu"
    return variables


def prepare(backend, threads, device):
    """Limits the threads of the backend; to be called before it computes.

    Raises:
        ValueError: if Keras runs on another backend, or `device` is `"gpu"`
            and the backend finds none.
    """
    if keras.backend.backend() != backend:
        raise ValueError(
            f"Keras runs on {keras.backend.backend()} here, not on {backend}: "
            "the script that was started sets KERAS_BACKEND itself."
        )
    if backend == "tensorflow":
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        found = tf.config.list_physical_devices("GPU")
    elif backend == "torch":
        import torch

        torch.set_num_threads(threads)
        found = torch.cuda.is_available()
    else:
        # JAX has a thread for each processor that it may run on.
        if device == "cpu" and hasattr(os, "sched_setaffinity"):
            allowed = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, allowed[:threads])
        import jax

        found = jax.default_backend() == "gpu"
    if device == "gpu" and not found:
        raise ValueError(
            f"{backend} finds no GPU here; give --device cpu, or install "
            f"{backend} with CUDA."
        )


def synchronize(backend, outputs=None):
    """Waits until an accelerator has computed `outputs`."""
    if backend == "tensorflow":
        import tensorflow as tf

        tf.test.experimental.sync_devices()
    elif backend == "torch":
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()
    else:
        import jax

        jax.block_until_ready(outputs)


class DeviceLimits:
    """What an accelerator can do at most, by the clock.

    Args:
        backend: Keras' backend of this process.
        dtypes: of the matrices, e.g. `("float32", "float16")`.
        device: as for `prepare`.
        matrix_size: rows and columns of the matrices.
        copy_size: of what is copied, in bytes.
    """

    def __init__(
        self,
        backend,
        dtypes,
        device="gpu",
        matrix_size=8192,
        copy_size=1024 * _MEGABYTES,
    ):
        prepare(backend, 1, device)
        from keras import ops, random

        self.backend, self.ops = backend, ops
        shape = (matrix_size, matrix_size)
        self.factors = {
            dtype: ops.cast(random.normal(shape), dtype) for dtype in dtypes
        }
        self.values = ops.ones(copy_size // 4, "float32")

    def measure(self):
        """As `Limits.measure`; `"gigaflops"` is a dict with the dtypes."""
        rates = {}
        for dtype, factor in self.factors.items():
            seconds = self._seconds(self.ops.matmul, factor, factor)
            rates[dtype] = 2 * factor.shape[0] ** 3 / seconds / 1e9
        # One read and one write, as copying is.
        seconds = self._seconds(self.ops.negative, self.values)
        return {
            "gigaflops": rates,
            "gigabytes": 8 * self.values.shape[0] / seconds / 1e9,
        }

    def name_of_device(self):
        """The name of the first GPU."""
        return _name_of_device(self.backend)

    def _seconds(self, function, *inputs, repeats=8):
        def once():
            synchronize(self.backend, function(*inputs))

        return statistics.median(wall for wall, _ in time_calls(once, repeats))


# === Memory ===


def forget_peak():
    """Lets `peak_memory` begin anew, where the system can do that.

    Returns:
        bool: whether it can.
    """
    try:
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak_memory():
    """The most memory that this process held at a time, in bytes.

    Since the last `forget_peak`; `None` where the system does not say.
    """
    status = pathlib.Path("/proc/self/status")
    # That of `getrusage` may be of the process that started this one.
    if status.exists():
        match = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
        if match:
            return int(match[1]) * 1024
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def peak_device_memory(backend):
    """The same of the GPU, in bytes; `None` if the backend does not say."""
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    if backend == "torch":
        import torch

        return torch.cuda.max_memory_allocated()
    import jax

    return (jax.local_devices()[0].memory_stats() or {}).get(
        "peak_bytes_in_use"
    )


def _name_of_device(backend):
    if backend == "tensorflow":
        import tensorflow as tf

        gpu = tf.config.list_physical_devices("GPU")[0]
        details = tf.config.experimental.get_device_details(gpu)
        return details.get("device_name", gpu.name)
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name()
    import jax

    return jax.local_devices()[0].device_kind


# === The machine ===


def describe_machine(*packages):
    """What was measured on, without names of hosts or folders.

    Args:
        *packages: whose versions to name; those not installed are left out.

    Returns:
        dict.
    """
    processor = platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        match = re.search(r"model name\s*: (.*)", cpuinfo.read_text())
        processor = match[1].strip() if match else processor
    machine = {
        "processor": processor,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    for package in packages:
        try:
            machine[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return machine
