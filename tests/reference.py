"""Deterministic weights and frames, and comparison with stored numbers.

The numbers under `fixtures/` were computed by running the original authors'
code with exactly these weights on exactly these frames.
"""

import csv
import functools
import pathlib
import zlib

import numpy as np
from backend import to_numpy

FIXTURES = pathlib.Path(__file__).parent / "fixtures"
# Selective attention; flow of about a pixel.
GAIN_4 = (
    ".w_qs.1.conv.weight",
    ".w_ks.1.conv.weight",
    "Convolution5_weight",
)
INPUT_VARIANCE = ("bn_data_moving_var", "bn_conv1_moving_var")


@functools.cache
def reference_weight(name, shape, seed=0):
    """Value of a tensor of a checkpoint; the first rule that fits.

    Kernels are He-normal over the fan-in; with more than 16 input channels
    their mean over the fan-in is removed.

    Args:
        name: official name, MXNet's without `arg:` or `aux:`. TensorFlow's
            have a `/` in them.
        shape: in the official layout: outputs before inputs, TensorFlow's
            after them.
        seed: int.

    Returns:
        numpy float32.
    """
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    tensorflow = "/" in name
    depthwise = name.endswith("depthwise_weights")
    axes = tuple(range(len(shape)))
    axes = axes[:-1] if tensorflow else axes[1:]
    axes = (0, 1) if depthwise else axes
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    if name.endswith(("moving_var", "moving_variance", "running_var")):
        value = rng.uniform(0.5, 1.5, shape)
        value *= 256 if name.endswith(INPUT_VARIANCE) else 1
    elif name.endswith("bn_data_gamma"):  # must be ignored (fix_gamma)
        value = np.full(shape, 1.37)
    elif name.endswith("upsampling_weight") and "feat_" not in name:
        ramp = 1 - np.abs(np.arange(32) / 16 - 31 / 32)
        value = np.broadcast_to(np.outer(ramp, ramp), shape)
    elif name.startswith("layer_norm") and name.endswith("weight"):
        value = 1 + 0.1 * rng.standard_normal(shape)
    elif name.endswith(
        ("moving_mean", "running_mean", "beta", "bias", "biases", "gradient")
    ):
        scale = 0.1 if name.endswith("_mean") else 0.05
        value = scale * rng.standard_normal(shape)
    elif len(shape) == 1:  # batch normalisation's gamma
        least = 0.5 if name.endswith("_gamma") else 0.6
        least = 0.8 if name.endswith("/gamma") else least
        value = least + rng.uniform(0, 0.4, shape)
    elif name.endswith("offset_weight"):
        value = 0.02 * rng.standard_normal(shape)
    else:
        fan_in = np.prod([shape[axis] for axis in axes])
        value = rng.standard_normal(shape)
        value *= np.sqrt(2 / fan_in)
        if shape[-2 if tensorflow else 1] > 16 and not depthwise:
            mean = value.mean(axes, keepdims=True)
            value -= np.rint(mean * 2**24) / 2**24
        if name.endswith(GAIN_4):
            value *= 4
    return value.astype(np.float32)


def reference_frames(height, width, count, seed):
    """uint8 RGB `[count, height, width, 3]`: waves, rectangles and noise.

    Integer arithmetic only, so that every machine gets the same frames.
    """
    rng = np.random.default_rng([seed, zlib.crc32(b"frames")])
    y = np.arange(height)[:, None, None]
    x = np.arange(width)[None, :, None]
    waves = [
        (
            rng.integers(-limit, limit + 1, 2),
            rng.integers(0, 1024, 3),
            rng.integers(8, 33, 3),
        )
        for limit in (6, 6, 12, 12, 24, 48, 96)
    ]
    boxes = [
        (
            rng.integers(0, 1024, 4),
            rng.integers(-3, 4, 2),
            rng.integers(0, 256, 3),
        )
        for _ in range(12)
    ]
    frames = 120 + rng.integers(-5, 6, (count, height, width, 3))
    for t in range(count):
        for frequency, phase, gain in waves:
            p = frequency[0] * (y - t) + frequency[1] * (x - 3 * t) + phase
            p %= 1024
            sign = np.where(p < 512, 1, -1)
            frames[t] += gain * (p % 512) * (512 - p % 512) * sign // 65536
        for (top, left, tall, wide), (dy, dx), color in boxes:
            row = top * height // 1024 + dy * t
            column = left * width // 1024 + 2 * dx * t
            last_row = max(row + height // 16 + tall * height // 3072, 0)
            last_column = max(column + width // 16 + wide * width // 3072, 0)
            box = frames[
                t, max(row, 0) : last_row, max(column, 0) : last_column
            ]
            box += 3 * color
            box //= 4
    return np.clip(frames, 0, 255).astype(np.uint8)


def official_tensors(names_file, seed=0, norm_size=None, drawn=None):
    """Every tensor of an official checkpoint, under its stored name.

    Args:
        names_file: under `fixtures/`.
        seed: int.
        norm_size: the shape in which TDNet's `layer_norm*` are drawn.
        drawn: names, as `reference_weight` takes them, of the tensors that
            matter; the others are zero. By default all do.
    """
    tensors = {}
    with open(FIXTURES / names_file, newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            name = row["name"].split(":", 1)[-1]
            shape = tuple(int(n) for n in row["shape"].split("x") if n)
            if norm_size and name.startswith("layer_norm"):
                shape = norm_size
            if drawn is None or name in drawn:
                tensors[row["name"]] = reference_weight(name, shape, seed)
            else:
                tensors[row["name"]] = np.zeros(shape, np.float32)
    return tensors


class Fixture:
    """Stored outputs of one network: full arrays, or 20,000 samples.

    Args:
        name: `accel_18` reads `accel_18.npz` and the tolerances of that name
            in `accel_tolerances.tsv`.
        channels_last: whether tensors are stored so, as TensorFlow's.
    """

    def __init__(self, name, channels_last=False):
        self.channels = -1 if channels_last else 1
        self.stored = np.load(FIXTURES / f"{name}.npz")
        family = name.split("_")[0]
        with open(FIXTURES / f"{family}_tolerances.tsv", newline="") as file:
            self.tolerances = {
                row["tensor"]: float(row["atol"])
                for row in csv.DictReader(file, delimiter="\t")
                if row["fixture"] == name
            }
        self.checked = set()

    def check(self, tensor, actual):
        """Asserts that a channels-last `actual` equals the stored tensor."""
        self.checked.add(tensor)
        actual = to_numpy(actual)
        if self.channels == 1:
            actual = np.moveaxis(actual, -1, 1)
        expected = self.stored[tensor]
        shape = self.stored.get(f"{tensor}/shape", expected.shape)
        assert actual.shape == tuple(shape), tensor
        if f"{tensor}/argmax" in self.stored:
            labels = self.stored[f"{tensor}/argmax"]
            found = actual.argmax(self.channels)
            assert np.mean(found == labels) >= 0.999, tensor
        if f"{tensor}/shape" in self.stored:
            samples = np.random.default_rng(0).integers(0, actual.size, 20000)
            actual = actual.ravel()[np.sort(samples)]
        error = np.abs(actual.astype("float64") - expected).max()
        assert error <= self.tolerances[tensor], (tensor, error)

    def check_all_seen(self):
        """Asserts that no stored tensor was left out."""
        assert self.checked == set(self.tolerances)
