"""ImageNet weights as the start of a backbone's training.

The published classification networks have the layers of ours, but see the
image otherwise. What can be folded into the first layers is: colours in
another order or of another scale, another mean, biases of convolutions, other
constants of batch normalisation.
"""

import collections
import dataclasses
import pathlib
import re

import numpy as np

from accel_tf.checkpoints.keras_files import check_claims
from accel_tf.checkpoints.torch_files import is_torch_file, read_torch_file
from accel_tf.messages import one_line
from accel_tf.models.image_normalization import PIXEL_MEAN
from accel_tf.models.resnet.pre_activation_resnet import PreActivationResNet
from accel_tf.models.resnet.resnet_v1 import ResNetV1

# Of the input, R, G, B: torchvision's in units of 0..1, Caffe's of 0..255.
_TORCH_MEAN = np.array([0.485, 0.456, 0.406])
_TORCH_DEVIATION = np.array([0.229, 0.224, 0.225])
_CAFFE_MEAN = np.array([123.68, 116.779, 103.939])
_KERAS_EPSILON = 1.001e-5

_NORMALISATION = ("gamma", "beta", "moving_mean", "moving_variance")
_TORCH_NORMALISATION = ("weight", "bias", "running_mean", "running_var")


@dataclasses.dataclass(frozen=True)
class ImagenetReport:
    """What `load_imagenet_start` did.

    Attributes:
        file: the file that was read.
        loaded: paths of the variables that it filled.
        left: paths of those that keep their initial values.
    """

    file: str
    loaded: tuple[str, ...]
    left: tuple[str, ...]

    def __str__(self):
        text = f"{len(self.loaded)} tensors loaded from {self.file}"
        if self.left:
            shown = ", ".join(self.left[:3])
            shown += ", ..." if len(self.left) > 3 else ""
            text += f"; {len(self.left)} keep their values ({shown})"
        return text


def load_imagenet_start(backbone, path):
    """Fills a backbone with the weights of a published classifier.

    `ResNetV1` takes the file of `keras.applications.ResNet50` or `ResNet101`
    (`.h5`, with or without the top; Keras keeps it in `~/.keras/models` once
    such a model was made with `weights="imagenet"`). Up to the last stage
    this is the same function but for the image's border and for the first
    pooling, whose windows start one pixel later here. It takes torchvision's
    ResNet-50 or -101 (`.pth`), too; there the stride sits on the 3x3
    convolutions, here on the 1x1 before them, so the function differs and
    needs training.

    `PreActivationResNet` takes torchvision's ResNet-18 or -34: their
    convolutions, in units of another order. Its batch normalisations stay as
    they are, but for the first, which gets ImageNet's mean and deviation.
    This is a start, not the same function.

    The 3x3 convolutions of the last stage become the deformable ones; the
    offsets stay zero. Nothing is changed unless everything fits.

    Args:
        backbone: a `ResNetV1` or `PreActivationResNet`.
        path: the file.

    Returns:
        `ImagenetReport`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is of another network, damaged, or of no known
            format; one line.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no weights file {path}.")
    if not isinstance(backbone, ResNetV1 | PreActivationResNet):
        raise ValueError(
            f"a {type(backbone).__name__} has no ImageNet start; give a "
            "ResNetV1 or PreActivationResNet."
        )
    with open(path, "rb") as file:
        is_hdf5 = file.read(8) == b"\x89HDF\r\n\x1a\n"
    if is_hdf5 and isinstance(backbone, ResNetV1):
        values = _from_keras(backbone, _read_hdf5(path), path)
    elif is_torch_file(path):
        values = _from_torch(backbone, _read_torch(path), path)
    else:
        raise ValueError(
            f"{path} is no ImageNet start of a {type(backbone).__name__}; give "
            "torchvision's .pth"
            + (
                " or the .h5 of keras.applications."
                if isinstance(backbone, ResNetV1)
                else "."
            )
        )
    return _assign(backbone, values, path)


def _assign(backbone, values, path):
    """Checks all shapes, then assigns `{(layer, variable): array}`."""
    chosen, wrong = [], []
    for (layer, name), value in values.items():
        variable = getattr(backbone.get_layer(layer), name)
        if tuple(variable.shape) != value.shape:
            wrong.append(
                f"{variable.path} is {tuple(variable.shape)}, "
                f"there {value.shape}"
            )
        chosen.append((variable, value))
    if wrong:
        raise ValueError(
            f"{path} is of another network: {len(wrong)} tensors of another "
            f"shape, such as {wrong[0]}."
        )
    for variable, value in chosen:
        variable.assign(value.astype("float32"))
    loaded = {id(variable) for variable, _ in chosen}
    return ImagenetReport(
        str(path),
        tuple(variable.path for variable, _ in chosen),
        tuple(v.path for v in backbone.weights if id(v) not in loaded),
    )


class _Tensors(dict):
    """Tensors of a file by name; says which one is missing."""

    def __init__(self, tensors, path):
        super().__init__(tensors)
        self.path = path

    def __missing__(self, name):
        raise ValueError(
            f"{self.path} is of another network: it has no {name}; it starts "
            f"with {', '.join(list(self)[:3])}."
        )

    def check_blocks(self, pattern, expected):
        """Compares the units of every stage with those of the backbone."""
        units = collections.defaultdict(set)
        for name in self:
            if match := re.match(pattern, name):
                units[int(match[1])].add(match[2])
        blocks = tuple(len(units[stage]) for stage in sorted(units))
        if blocks != expected:
            raise ValueError(
                f"{self.path} is of another network: it has {blocks} units "
                f"in its stages, the backbone has {expected}."
            )


# === Files of keras.applications ===


def _read_hdf5(path):
    """`layer/variable` -> array."""
    import h5py  # comes with Keras

    tensors = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            parts = name.removeprefix("model_weights/").split("/")
            tensors[f"{parts[0]}/{parts[-1].split(':')[0]}"] = item[()]

    try:
        check_claims(path)
        with h5py.File(path) as file:
            file.visititems(visit)
    except (OSError, RuntimeError, ValueError) as error:
        reason = one_line(error)
        raise ValueError(f"{path} is damaged: {reason}.") from error
    return tensors


def _from_keras(backbone, tensors, path):
    tensors = _Tensors(tensors, path)
    tensors.check_blocks(r"conv(\d)_block(\d+)_1_conv/kernel", backbone.blocks)
    values = {}
    for layer, stage, unit, branch in _bottleneck_convolutions(backbone):
        name = "conv1"
        if stage:
            part = ("1", "2a", "2b", "2c").index(branch)
            name = f"conv{stage}_block{unit}_{part}"
        kernel = tensors[f"{name}_conv/kernel"]
        normal = [tensors[f"{name}_bn/{each}"] for each in _NORMALISATION]
        # A bias before batch normalisation only moves its mean.
        normal[2] = normal[2] - tensors[f"{name}_conv/bias"]
        normal[3] = normal[3] + (_KERAS_EPSILON - layer.epsilon)
        if not stage:
            kernel = kernel[:, :, ::-1]  # B, G, R
            shift = np.array(PIXEL_MEAN) - _CAFFE_MEAN
            normal[2] = normal[2] - _response(kernel, shift)
        values |= _unit_values(layer, kernel, normal)
    return values


# === Files of torchvision ===


def _read_torch(path):
    state = read_torch_file(path)
    for container in ("state_dict", "model_state", "model"):
        if isinstance(state, dict) and isinstance(state.get(container), dict):
            state = state[container]
    if not isinstance(state, dict):
        raise ValueError(f"{path} holds no state dict.")
    return {str(name).removeprefix("module."): v for name, v in state.items()}


def _from_torch(backbone, tensors, path):
    tensors = _Tensors(tensors, path)
    tensors.check_blocks(r"layer(\d)\.(\d+)\.conv1\.weight", backbone.blocks)
    if isinstance(backbone, PreActivationResNet):
        return _pre_activation_values(backbone, tensors)
    values = {}
    for layer, stage, unit, branch in _bottleneck_convolutions(backbone):
        convolution, normalisation = "conv1", "bn1"
        if stage:
            prefix = f"layer{stage - 1}.{unit - 1}."
            part = ("1", "2a", "2b", "2c").index(branch)
            convolution = f"{prefix}conv{part}"
            normalisation = f"{prefix}bn{part}"
            if part == 0:
                convolution = f"{prefix}downsample.0"
                normalisation = f"{prefix}downsample.1"
        kernel = _torch_kernel(tensors, convolution)
        normal = [
            tensors[f"{normalisation}.{each}"] for each in _TORCH_NORMALISATION
        ]
        if not stage:
            # (image / 255 - mean) / deviation, of an image minus our mean.
            shift = np.array(PIXEL_MEAN) / 255 - _TORCH_MEAN
            shift = _response(kernel, shift / _TORCH_DEVIATION)
            normal[2] = normal[2] - shift
            kernel = kernel / (255 * _TORCH_DEVIATION)[:, None]
        values |= _unit_values(layer, kernel, normal)
    return values


def _pre_activation_values(backbone, tensors):
    values = {
        ("bn_data", "moving_mean"): 255 * _TORCH_MEAN - PIXEL_MEAN,
        ("bn_data", "moving_variance"): (255 * _TORCH_DEVIATION) ** 2,
        ("conv0", "kernel"): _torch_kernel(tensors, "conv1"),
    }
    pattern = re.compile(
        r"(?:stage(\d)_unit(\d+)_(conv1|conv2|sc)"
        r"|res5_(\d+)_branch(2a|2b|1))$"
    )
    parts = {"2a": "conv1", "2b": "conv2", "sc": "downsample.0"}
    parts["1"] = "downsample.0"
    for layer in backbone.layers:
        if match := pattern.match(layer.name):
            stage = match[1] or "4"
            part = match[3] or match[5]
            name = f"layer{stage}.{int(match[2] or match[4]) - 1}"
            name = f"{name}.{parts.get(part, part)}"
            # Where the width stays, torchvision's shortcut is none.
            if part != "sc" or f"{name}.weight" in tensors:
                values[layer.name, "kernel"] = _torch_kernel(tensors, name)
    return values


def _torch_kernel(tensors, name):
    kernel = np.asarray(tensors[f"{name}.weight"])
    if kernel.ndim != 4:
        raise ValueError(
            f"{tensors.path}: {name}.weight is {kernel.shape}, no kernel."
        )
    return kernel.transpose(2, 3, 1, 0)


# === Both ===


def _bottleneck_convolutions(backbone):
    """Yields the normalisation behind each convolution, and its place.

    `(layer, stage, unit, branch)`; stage and unit of the stem are 0.
    """
    yield backbone.get_layer("bn_conv1"), 0, 0, ""
    for layer in backbone.layers:
        if match := re.match(r"bn(\d)_(\d+)_branch(\w+)$", layer.name):
            yield layer, int(match[1]), int(match[2]), match[3]


def _unit_values(layer, kernel, normal):
    name = layer.name
    convolution = "conv1" if name == "bn_conv1" else f"res{name[2:]}"
    return {
        (convolution, "kernel"): np.asarray(kernel),
        **{
            (name, variable): np.asarray(value)
            for variable, value in zip(_NORMALISATION, normal, strict=True)
        },
    }


def _response(kernel, color):
    """What a convolution gives for an image of one colour."""
    return np.einsum("yxio,i->o", kernel.astype("float64"), color)
