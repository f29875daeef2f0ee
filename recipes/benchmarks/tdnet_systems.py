"""What `benchmark_tdnet.py` times, each system in a process of its own.

A process of the original imports this file too and must not load TensorFlow:
Keras runs on PyTorch there, see `start`.
"""

import dataclasses
import importlib
import pathlib
import sys
import time

import numpy as np

from accel_tf.benchmark import devices
from accel_tf.benchmark.worker import Worker

CLASSES = 19
STRIDE = 8
FRAMES = 8
# Of the original's loader, R, G, B in units of 0..1.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


@dataclasses.dataclass(frozen=True)
class Published:
    """What the original calls a network, and how it is built."""

    module: str
    paths: int
    arguments: dict


NETWORKS = {
    "td4_psp18": Published("td4_psp18", 4, {"path_num": 4}),
    "td2_psp50": Published("td2_psp50", 2, {"path_num": 2}),
    "psp_18": Published("pspnet", 1, {"backbone": "resnet18"}),
}


def testing_folder(original):
    """Where the original's streaming code is.

    Raises:
        FileNotFoundError: if `original` is no checkout of it.
    """
    folder = pathlib.Path(original) / "Testing"
    for network in NETWORKS.values():
        path = folder / "model" / "pspnet" / f"{network.module}.py"
        if not path.is_file():
            raise FileNotFoundError(
                f"{original} is no checkout of github.com/feinanshan/TDNet: "
                f"it has no {path.relative_to(original)}"
            )
    return folder


# === Systems ===


class TimedSystem:
    """Goes through its clip with `next_labels()`, over and over.

    Attributes:
        paths: frames until the buffer is full, and one more.
    """

    paths = 1

    def __init__(self):
        self.reset()

    def reset(self):
        """Begins the clip, and the stream, anew."""
        self.position = 0

    def first_labels(self, count):
        """Labels `[count, H, W]` from the start of the clip."""
        self.reset()
        return np.stack([self.next_labels() for _ in range(count)])

    def time_frames(self, count):
        """Wall and processor seconds of frames, with a full buffer."""
        for _ in range(self.paths):
            self.next_labels()
        wall, processor = [], []
        for _ in range(count):
            start, busy = time.perf_counter(), time.process_time()
            self.next_labels()
            processor.append(time.process_time() - busy)
            wall.append(time.perf_counter() - start)
        return wall, processor


class Ours(TimedSystem):
    """accel-tf's model in a `VideoStream`."""

    def __init__(self, name, form, checkpoint, size, threads):
        devices.prepare("tensorflow", threads, "cpu")
        import accel_tf

        model = accel_tf.from_preset(name, num_classes=CLASSES)
        accel_tf.load_checkpoint(model, checkpoint)
        self.paths = NETWORKS[name].paths
        self.cost = model.multiply_adds(*size)["key"]
        if form == "fused":
            model = accel_tf.fuse_for_inference(model)
        self.frames = random_frames(size)[:, None]
        self.stream = accel_tf.VideoStream(model)
        super().__init__()

    def reset(self):
        super().reset()
        self.stream.reset_state()

    def next_labels(self):
        frame = self.frames[self.position % FRAMES]
        self.position += 1
        return self.stream(frame)[0]

    def multiply_adds(self):
        return self.cost


class Original(TimedSystem):
    """The published PyTorch code, as its `test.py` uses it."""

    def __init__(self, name, folder, size, threads, seed):
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        published = NETWORKS[name]
        sys.path.insert(0, str(folder))
        module = importlib.import_module(f"model.pspnet.{published.module}")
        self.model = getattr(module, published.module)(
            nclass=CLASSES, **published.arguments
        )
        self.paths = published.paths
        # It has the shape for frames of 769x1537 only.
        shape = [-(-length // STRIDE) for length in size]
        for part in self.model.children():
            if hasattr(part, "ln"):
                part.ln = torch.nn.LayerNorm(shape)
        randomize_normalization(self.model)
        self.model.eval()

        frames = (random_frames(size) / 255 - MEAN) / DEVIATION
        self.images = torch.from_numpy(
            frames.astype("float32").transpose(0, 3, 1, 2)
        ).contiguous()
        self.torch = torch
        super().__init__()

    def save(self, path):
        self.torch.save(self.model.state_dict(), path)

    def reset(self):
        super().reset()
        for name in ("Q_queue", "K_queue", "V_queue"):
            if hasattr(self.model, name):
                getattr(self.model, name).clear()

    def next_labels(self):
        image = self.images[self.position % FRAMES][None]
        with self.torch.no_grad():
            output = self.model(image, pos_id=self.position % self.paths)
            labels = output.data.max(1)[1]
        self.position += 1
        return labels.numpy()[0]


def randomize_normalization(model):
    """So that no scale, offset, mean or variance may be mixed up."""
    from torch import nn

    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.normal_(part.running_mean, 0, 0.1)
        elif not isinstance(part, nn.LayerNorm):
            continue
        nn.init.uniform_(part.weight, 0.5, 1.5)
        nn.init.normal_(part.bias, 0, 0.1)


def random_frames(size):
    """uint8 `[FRAMES, H, W, 3]`, the same in every process."""
    random_numbers = np.random.default_rng(0)
    return random_numbers.integers(0, 256, (FRAMES, *size, 3), dtype=np.uint8)


def start(system, *arguments, threads):
    """A `Worker` with its backend and threads; all run on the processor."""
    backend = "tensorflow" if system is Ours else "torch"
    return Worker(
        system,
        *arguments,
        environment=devices.environment(backend, threads, "cpu"),
    )
