"""The original Accel in MXNet, as a process that `benchmark_accel.py` asks.

MXNet 1.9.1 needs an old numpy and Python, so this file runs in an interpreter
of its own and has to do without accel-tf:

    PYTHON accel_original.py SETTINGS

SETTINGS is JSON: `original` (checkout of github.com/SamvitJ/Accel), `module`
and `scores` (of a system, see `accel_systems.py`), `frames` (.npy file, uint8
`[count, H, W, 3]`), `seed` and `arrays` (folder for answers that are arrays).
A request is a line of JSON with `method` and `arguments`, an answer one with
`result`, `array` (a file's name) or `error`.
"""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import platform
import re
import sys
import time
import traceback
import types
import zlib

import numpy as np

CLASSES = 19
# Of the original's configuration, R, G, B.
PIXEL_MEANS = (123.15, 115.90, 103.06)
# What the published modules import and a forward pass does not use; some of
# it is not in the repository or needs a GPU.
UNUSED_MODULES = (
    "cPickle",
    "operator_py",
    "operator_py.proposal",
    "operator_py.proposal_target",
    "operator_py.box_annotator_ohem",
    "operator_py.rpn_inv_normalize",
    "operator_py.tile_as",
)
PRINT_STATEMENT = re.compile(rb"^([ \t]*)print[ \t]+([^(\s].*?)\s*$", re.M)
# All that the forward symbols read of the original's configuration.
CONFIGURATION = types.SimpleNamespace(
    CLASS_AGNOSTIC=True,
    dataset=types.SimpleNamespace(NUM_CLASSES=CLASSES),
    network=types.SimpleNamespace(NUM_ANCHORS=9),
)


# === What both sides do ===


class TimedClip:
    """Goes through its clip with `next_labels()`; `reset()` begins anew."""

    def clip_labels(self, count):
        """Labels uint8 `[count, H, W]` from the start of the clip."""
        self.reset()
        labels = [self.next_labels() for _ in range(count)]
        return np.stack(labels).astype("uint8")

    def time_clip(self, count):
        """Wall and processor seconds of the first frames of the clip.

        Others have had the caches meanwhile: before, both networks run once.
        """
        self.reset()
        for _ in range(2):
            self.next_labels()
        self.reset()
        wall, processor = [], []
        for _ in range(count):
            start, busy = time.perf_counter(), time.process_time()
            self.next_labels()
            processor.append(time.process_time() - busy)
            wall.append(time.perf_counter() - start)
        return wall, processor


# === The published code ===


class PythonTwoLoader(importlib.machinery.SourceFileLoader):
    """Reads modules whose only Python 2 syntax is the print statement."""

    def source_to_code(self, data, path, *, _optimize=-1):
        data = PRINT_STATEMENT.sub(rb"\1print(\2)", bytes(data))
        return super().source_to_code(data, path, _optimize=_optimize)


def load_published(original, module):
    """An instance of the class that makes a system's symbols.

    Args:
        original: the checkout; nothing is written there.
        module: of `dff_deeplab/symbols`, such as `accel_18`.
    """
    sys.dont_write_bytecode = True
    for name in UNUSED_MODULES:
        sys.modules[name] = types.ModuleType(name)
    sys.path.insert(0, str(original / "lib"))
    for name in ("resnet_v1_101_flownet_deeplab", module):
        path = str(original / "dff_deeplab" / "symbols" / (name + ".py"))
        loader = PythonTwoLoader(name, path)
        spec = importlib.util.spec_from_loader(name, loader)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        loader.exec_module(sys.modules[name])
    return getattr(sys.modules[module], module)()


class Original(TimedClip):
    """Key-frame and current-frame network, as the original's demo uses them.

    Args:
        original, module, scores, frames, seed: see the top of this file;
            without `scores` every frame is a key frame.
    """

    def __init__(self, original, module, scores, frames, seed):
        # Python 3.8 to 3.11 have wheels that fail in one way or another.
        try:
            import mxnet
        except (ImportError, AttributeError, OSError) as error:
            raise ImportError(
                f"{sys.executable} cannot import mxnet ({error}); it needs "
                "mxnet==1.9.1 and numpy==1.23.5"
            ) from error
        self.mxnet = mxnet
        published = load_published(pathlib.Path(original), module)
        images = np.load(frames).astype("float64") - PIXEL_MEANS
        self.images = [
            mxnet.nd.array(image[None].astype("float32"))
            for image in images.transpose(0, 3, 1, 2)
        ]
        image_shape = self.images[0].shape
        self.scores = scores
        symbols = {"key": published.get_key_test_symbol(CONFIGURATION)}
        # The features' shape, which only the network knows.
        key_outputs = symbols["key"].get_internals()
        features = key_outputs["res5c_relu_output"]
        _, shapes, _ = features.infer_shape(data=image_shape)
        shapes = {
            "data": image_shape,
            "data_key": image_shape,
            "feat_key": shapes[0],
        }
        if scores:
            current = published.get_cur_test_symbol(CONFIGURATION)
            current = current.get_internals()
            symbols["non-key"] = mxnet.sym.Group(
                [current["warping_feat_output"], current[scores]]
            )
        # The demo's groups also hand the inputs through.
        symbols["key"] = mxnet.sym.Group(
            [features, key_outputs["croped_score_output"]]
        )
        self.executors = {}
        self.tensors = {}
        for kind, symbol in symbols.items():
            wanted = set(symbol.list_arguments())
            inputs = {n: s for n, s in shapes.items() if n in wanted}
            executor = symbol.simple_bind(
                mxnet.cpu(), grad_req="null", **inputs
            )
            self._draw_weights(executor, inputs, seed)
            self.executors[kind] = executor
        self.reset()

    def _draw_weights(self, executor, inputs, seed):
        for prefix, held in (
            ("arg", executor.arg_dict),
            ("aux", executor.aux_dict),
        ):
            for name, array in held.items():
                if name in inputs:
                    continue
                stored = prefix + ":" + name
                if stored not in self.tensors:
                    drawn = draw_tensor(name, array.shape, seed)
                    self.tensors[stored] = self.mxnet.nd.array(drawn)
                self.tensors[stored].copyto(array)

    def versions(self):
        """What it runs on."""
        return {
            "mxnet": self.mxnet.__version__,
            "mxnet_python": platform.python_version(),
        }

    def save(self, path):
        """Writes the weights as the original's training does."""
        self.mxnet.nd.save(path, self.tensors)

    def reset(self):
        """Begins the clip anew, with a key frame."""
        self.position = 0

    def next_labels(self):
        """Labels `[H, W]`; what the demo takes the time of."""
        image = self.images[self.position]
        if self.position == 0 or not self.scores:
            outputs = self.executors["key"].forward(is_train=False, data=image)
        else:
            outputs = self.executors["non-key"].forward(
                is_train=False,
                data=image,
                data_key=self.images[self.position - 1],
                feat_key=self.features,
            )
        self.position = (self.position + 1) % len(self.images)
        self.features, scores = outputs
        return self.mxnet.nd.argmax(scores, axis=1).asnumpy()[0]


def draw_tensor(name, shape, seed):
    """A random tensor of a checkpoint; the same for the same name and seed.

    Scales, offsets, means and variances differ, so that none may be mixed up;
    the offsets of deformable convolutions and the flow are about a pixel.
    """
    numbers = np.random.default_rng([seed, zlib.crc32(name.encode())])
    if name.endswith("moving_var"):
        tensor = numbers.uniform(0.5, 1.5, shape)
        # These look at frames of 0 to 255.
        if name.endswith(("bn_data_moving_var", "bn_conv1_moving_var")):
            tensor *= 256
    elif name.endswith("upsampling_weight") and "feat_" not in name:
        ramp = 1 - np.abs(np.arange(32) / 16 - 31 / 32)
        tensor = np.broadcast_to(np.outer(ramp, ramp), shape)
    elif name.endswith(("moving_mean", "beta", "bias")):
        tensor = 0.05 * numbers.standard_normal(shape)
    elif name.endswith("gamma"):
        tensor = numbers.uniform(0.5, 0.9, shape)
    elif name.endswith("offset_weight"):
        tensor = 0.02 * numbers.standard_normal(shape)
    else:
        tensor = numbers.standard_normal(shape)
        fan_in = np.prod(shape[1:])
        if fan_in > 256:
            # After a ReLU all inputs are positive: a mean other than zero
            # would drown the differences between places.
            axes = tuple(range(1, len(shape)))
            tensor -= tensor.mean(axes, keepdims=True)
        tensor *= np.sqrt(2 / fan_in)
        if name == "Convolution5_weight":
            tensor *= 4
    return tensor.astype("float32")


# === The process ===


def serve(settings, requests, answers):
    """Answers requests until there are no more.

    Args:
        settings: dict; see the top of this file.
        requests, answers: text files.
    """

    def answer(**reply):
        answers.write(json.dumps(reply) + "\n")
        answers.flush()

    arrays = pathlib.Path(settings.pop("arrays"))
    try:
        held = Original(**settings)
        answer(result=None)
        for number, line in enumerate(requests):
            request = json.loads(line)
            result = getattr(held, request["method"])(*request["arguments"])
            if isinstance(result, np.ndarray):
                name = f"answer_{number}.npy"
                np.save(str(arrays / name), result)
                answer(array=name)
            else:
                answer(result=result)
    except Exception as error:
        if not isinstance(error, ImportError):
            traceback.print_exc()
        answer(error=" ".join(str(error).split()) or repr(error))


if __name__ == "__main__":
    # Nothing else, such as a print of the original, may get into the answers.
    with os.fdopen(os.dup(1), "w") as channel:
        os.dup2(2, 1)
        serve(json.loads(sys.argv[1]), sys.stdin, channel)
