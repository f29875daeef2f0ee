"""What `benchmark_classifier.py` times, each system in its own process.

A process of the original imports this file too and must not load TensorFlow:
Keras runs on PyTorch there, see `start`.
"""

import contextlib
import importlib
import pathlib
import sys
import time
import types

import numpy as np

from accel_tf.benchmark import devices
from accel_tf.benchmark.worker import Worker

CLASSES = 400
FRAMES, SIDE = 16, 224
_MEAN, _DEVIATION = 0.45, 0.225

NETWORKS = {
    "vov3d_m": "configs/Kinetics/vov3d/vov3d_M.yaml",
    "vov3d_l": "configs/Kinetics/vov3d/vov3d_L.yaml",
    "x3d_m": "configs/Kinetics/x3d/X3D_M_256e.yaml",
    "x3d_l": "configs/Kinetics/x3d/X3D_L_256scale_256e.yaml",
}
"""Preset -> the original's config of the same network."""


def checked_original(original):
    """The folder of the original's code.

    Raises:
        FileNotFoundError: if it is no checkout of it.
    """
    original = pathlib.Path(original).resolve()
    for name in ("vov3d/models/build.py", *NETWORKS.values()):
        if not (original / name).is_file():
            raise FileNotFoundError(
                f"{original} is no checkout of github.com/youngwanLEE/VoV3D: "
                f"it has no {name}"
            )
    return original


# === Systems ===


class TimedSystem:
    """Classifies one clip with `classify()`, over and over."""

    def probabilities(self):
        """`[classes]`, of the clip that is timed."""
        return self.classify()

    def time_clips(self, count):
        """Wall and processor seconds of clips, after one that warms up."""
        self.classify()
        wall, processor = [], []
        for _ in range(count):
            start, busy = time.perf_counter(), time.process_time()
            self.classify()
            processor.append(time.process_time() - busy)
            wall.append(time.perf_counter() - start)
        return wall, processor


class Ours(TimedSystem):
    """accel-tf's model: `"plain"`, `"fused"` or in a runtime."""

    def __init__(self, name, form, checkpoint, threads):
        devices.prepare("tensorflow", threads, "cpu")
        import accel_tf

        model = accel_tf.from_preset(name, num_classes=CLASSES)
        accel_tf.load_checkpoint(model, checkpoint)
        self.cost = model.multiply_adds(SIDE, SIDE, FRAMES)
        if form != "plain":
            model = accel_tf.fuse_for_inference(model)
        if form in ("plain", "fused"):
            import tensorflow as tf

            self.program = tf.function(model.probabilities, autograph=False)
        else:
            from accel_tf.runtimes import to_runtime

            runtime = to_runtime(model, form, threads=threads)
            self.program = runtime.probabilities
        self.clip = random_clip()

    def classify(self):
        return np.asarray(self.program(self.clip))[0]

    def multiply_adds(self):
        return self.cost


class Original(TimedSystem):
    """The published PyTorch code, as its test calls the network."""

    def __init__(self, name, original, threads, seed):
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self.torch = torch
        with _importable(original):
            build = importlib.import_module("vov3d.models").build_model
            defaults = importlib.import_module("vov3d.config.defaults")
        config = defaults._C.clone()
        config.merge_from_file(str(original / NETWORKS[name]))
        config.NUM_GPUS = 0
        self.model = build(config).eval()
        randomize_normalization(self.model)
        clip = (random_clip() / 255 - _MEAN) / _DEVIATION
        self.clip = torch.from_numpy(
            clip.astype("float32").transpose(0, 4, 1, 2, 3)
        ).contiguous()

    def save(self, path):
        self.torch.save({"model_state": self.model.state_dict()}, path)

    def classify(self):
        with self.torch.no_grad():
            return self.model([self.clip]).numpy()[0]


@contextlib.contextmanager
def _importable(original):
    """The original's networks can be imported without what they don't use.

    They ask for PySlowFast, of which they hold a copy under another name,
    and for Detectron2, which only detectors need. What begins a package
    there loads the packages of data sets and logs, too.
    """
    code = original / "vov3d"
    packages = {
        "vov3d": code,
        "vov3d.config": code / "config",
        "vov3d.utils": code / "utils",
        "slowfast": code,
        "slowfast.models": code / "models",
    }
    for name, folder in packages.items():
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [str(folder)]
    sys.modules["detectron2"] = types.ModuleType("detectron2")
    layers = types.ModuleType("detectron2.layers")
    layers.ROIAlign = None
    sys.modules["detectron2.layers"] = layers
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImportError(
            f"the original needs the package {error.name}: "
            "pip install torch fvcore"
        ) from error


def randomize_normalization(model):
    """So that no scale, offset, mean or variance may be mixed up.

    The scales that end a branch would begin as zeros, which would leave
    almost nothing of the network in the result.
    """
    from torch import nn

    for part in model.modules():
        if isinstance(part, nn.BatchNorm3d):
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.normal_(part.running_mean, 0, 0.1)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, 0, 0.1)


def random_clip():
    """uint8 `[1, T, H, W, 3]`, the same in every process."""
    random_numbers = np.random.default_rng(0)
    shape = (1, FRAMES, SIDE, SIDE, 3)
    return random_numbers.integers(0, 256, shape, dtype=np.uint8)


def start(system, *arguments, threads):
    """A `Worker` with its backend and threads; all run on the processor."""
    backend = "tensorflow" if system is Ours else "torch"
    return Worker(
        system,
        *arguments,
        environment=devices.environment(backend, threads, "cpu"),
    )
