"""Loading weights from official files and from Keras' own."""

import dataclasses
import fnmatch
import pathlib
import warnings

import numpy as np

from accel_tf.checkpoints import mxnet
from accel_tf.checkpoints.keras_files import check_claims, classes_of_file
from accel_tf.checkpoints.matching import last_layer_patterns, match_tensors
from accel_tf.checkpoints.numpy_files import is_numpy_file, read_numpy_dict
from accel_tf.checkpoints.tf_checkpoints import (
    BESIDE_WEIGHTS,
    checkpoint_prefix,
    read_checkpoint,
)
from accel_tf.checkpoints.torch_files import is_torch_file, read_torch_file
from accel_tf.messages import one_line

_FORMATS = (
    "a .weights.h5 file or .keras model of the same architecture, an MXNet "
    ".params file, a PyTorch .pkl or .pth file or a TensorFlow 1 checkpoint"
)
# Where files that hold more than weights keep the weights.
_CONTAINERS = ("model_state", "state_dict", "model")


@dataclasses.dataclass(frozen=True)
class CheckpointReport:
    """What `load_checkpoint` did.

    Attributes:
        files: the files that were read, in their order.
        loaded: official names of the tensors that the model took.
        ignored: names in the files that the model has no use for.
        skipped: names of the tensors of the last layer, which was left as it
            was because `skip_last` asked for it.
    """

    files: tuple[str, ...]
    loaded: tuple[str, ...]
    ignored: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    def __str__(self):
        text = f"{len(self.loaded)} tensors loaded from {len(self.files)} file"
        text += "s" if len(self.files) > 1 else ""
        if self.ignored:
            shown = ", ".join(self.ignored[:3])
            shown += ", ..." if len(self.ignored) > 3 else ""
            text += f"; {len(self.ignored)} not used by this model ({shown})"
        if self.skipped:
            text += "; not loaded, as asked, so that the last layer stays as "
            text += f"it was: {', '.join(self.skipped)}"
        return text


def is_weights_path(path):
    """Whether there is a file, or a TensorFlow 1 checkpoint of this prefix."""
    return pathlib.Path(path).is_file() or checkpoint_prefix(path) is not None


def load_checkpoint(model, path, *more_paths, skip_last=False):
    """Loads weights into a model, in place.

    The format is recognised by content: MXNet `.params` (the published
    DeepLab, Deep Feature Flow and Accel), PyTorch `.pkl` or `.pth` (the
    published PSPNet, TDNet, PIDNet, VoV3D and X3D, read without running what
    they pickle),
    TensorFlow 1 checkpoints (the published DeepLabv3; also as a `.npy` file
    with a dict of arrays, likewise), `.weights.h5` or `.keras`. Of several
    `.params` files a later one overrides an earlier one, as the original
    loads its base file first and the Accel file over it. A file of PyTorch or
    TensorFlow must hold nothing unknown: what the model has no use for and
    knows so, and what training keeps beside the weights, is reported as
    ignored. Nothing is changed unless everything fits.

    Args:
        model: a `VideoSegmenter` or `ClipClassifier`.
        path: the (base) file; of a TensorFlow 1 checkpoint the prefix, such
            as `model.ckpt-30000`, or its `.index`.
        *more_paths: official files laid over it, in this order.
        skip_last: whether to leave the last layer, which gives the scores,
            as it is, so that a file for other classes can be loaded. Only for
            official files of models whose last layer is one.

    Returns:
        `CheckpointReport`.

    Raises:
        FileNotFoundError: if a file does not exist.
        ValueError: if a file is of no known format, is damaged, or lacks
            tensors of the model, has them in other shapes or (PyTorch,
            TensorFlow) has others; names them.
    """
    paths = (path, *more_paths)
    for each in paths:
        if not is_weights_path(each):
            raise FileNotFoundError(f"no weights file {each}.")
    if skip_last and not last_layer_patterns(model):
        raise ValueError(
            f"{model.name} has no single last layer to skip; leave that out."
        )
    options = {"skip_last": skip_last}
    prefix = checkpoint_prefix(path)
    if prefix is None and all(mxnet.is_mxnet_params(each) for each in paths):
        return _load_official(model, paths, _read_mxnet(paths), **options)
    if len(paths) > 1:
        raise ValueError(
            "only MXNet .params files can be laid over each other; got "
            f"{', '.join(map(str, paths))}."
        )
    if prefix is not None:
        tensors, beside = read_checkpoint(prefix, _is_weight)
        return _load_official(model, paths, tensors, True, beside, **options)
    if is_torch_file(path):
        return _load_official(
            model, paths, read_torch_weights(path), True, **options
        )
    if is_numpy_file(path):
        tensors, beside = _read_numpy(path)
        return _load_official(model, paths, tensors, True, beside, **options)
    if skip_last:
        raise ValueError(
            f"{path} is no official file; its last layer cannot be skipped."
        )
    return _load_keras(model, path)


def _load_keras(model, path):
    with open(path, "rb") as file:
        magic = file.read(8)
    if magic.startswith(b"\x89HDF"):
        kind = ".weights.h5"
    elif magic.startswith(b"PK"):
        kind = ".keras"
    else:
        raise ValueError(f"{path} is not a weights file; give {_FORMATS}.")
    if not str(path).endswith(kind):
        raise ValueError(
            f"{path} is a {kind} file by its content; rename it to end so."
        )
    before = [variable.numpy() for variable in model.variables]
    try:
        # Keras only warns where a file lacks some of a model's layers.
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            # What a compiled model's optimizer has seen is no weight of it.
            warnings.filterwarnings("ignore", ".*loading for optimizer")
            check_claims(path)
            model.load_weights(path)
    except Exception as error:
        # Keras assigns as it reads; put back what it had changed.
        for variable, value in zip(model.variables, before, strict=True):
            variable.assign(value)
        classes = classes_of_file(model, path)
        reason = one_line(error)
        if classes is not None:
            reason = f"it holds those for {classes} classes"
        raise ValueError(
            f"{path} does not hold the weights of {model.name} with "
            f"{model.num_classes} classes: {reason}"
        ) from error
    names = tuple(variable.path for variable in model.variables)
    return CheckpointReport((str(path),), names, ())


def _read_mxnet(paths):
    tensors = {}
    for path in paths:
        for key, value in mxnet.read_params(path).items():
            # The original's loader takes `X_test` for `X`.
            name = key.split(":", 1)[-1].removesuffix("_test")
            tensors[name] = value
    return tensors


def read_torch_weights(path):
    """dict of official name -> array, from a file of PyTorch.

    Raises:
        ValueError: if it is damaged, or holds no such dict.
    """
    state = read_torch_file(path)
    for name in _CONTAINERS:
        if isinstance(state, dict) and isinstance(state.get(name), dict):
            state = state[name]
    if not isinstance(state, dict) or not state:
        raise ValueError(f"{path} holds no state dict.")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, np.ndarray):
            raise ValueError(
                f"{path} holds no state dict: {str(name)[:80]!r} is no tensor."
            )
    # Training on several devices puts this before every name.
    return {name.removeprefix("module."): v for name, v in state.items()}


def _read_numpy(path):
    """`(tensors, beside)`; names may end as those of variables do."""
    tensors = {
        name.removesuffix(":0"): array
        for name, array in read_numpy_dict(path).items()
    }
    beside = [name for name in tensors if not _is_weight(name)]
    return {n: x for n, x in tensors.items() if _is_weight(n)}, beside


def _is_weight(name):
    return not any(fnmatch.fnmatchcase(name, each) for each in BESIDE_WEIGHTS)


def _load_official(
    model, paths, tensors, strict=False, beside=(), skip_last=False
):
    where = ", ".join(map(str, paths))
    found = match_tensors(model, tensors, where, strict, skip_last)
    for entry, name in found.chosen:
        if entry.variable is None and not np.allclose(
            tensors[name], entry.constant, atol=1e-6
        ):
            raise ValueError(
                f"{where}: {name} is not the fixed bilinear kernel that "
                f"{model.name} has built in."
            )
    for entry, name in found.chosen:
        if entry.variable is not None:
            assign = entry.assign or entry.variable.assign
            assign(entry.convert(tensors[name]))
    loaded = tuple(name for _, name in found.chosen)
    used = {*loaded, *found.skipped}
    ignored = tuple(name for name in tensors if name not in used)
    return CheckpointReport(
        tuple(map(str, paths)), loaded, (*ignored, *beside), found.skipped
    )
