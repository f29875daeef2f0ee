"""Official PyTorch checkpoints, made of the reference weights."""

import numpy as np
import pytest
import torch_file_writing
from backend import to_numpy
from reference import official_tensors, reference_weight

import accel_tf


def write_checkpoint(path, tensors, **beside):
    """A file of today's format, written without PyTorch.

    Args:
        path: of the file.
        tensors: name -> array.
        **beside: what lies beside a `model_state` with the tensors; with
            nothing the file holds just the tensors.

    Returns:
        `path`.
    """
    with pytest.MonkeyPatch.context() as patch:
        torch_file_writing.pretend_torch(patch)
        state = {
            name: torch_file_writing.stored(array)
            for name, array in tensors.items()
        }
        if beside:
            state = {"model_state": state, **beside}
        path.write_bytes(torch_file_writing.zip_file(state))
    return path


def tdnet_tensors(name, norm_size=None):
    """All tensors of a PSPNet's or TDNet's file: name -> array.

    Args:
        name: of the fixture; with `_training` the auxiliary heads are there.
        norm_size: shape of scale and offset of the normalisation.
    """
    names = name if name.startswith("pspnet") else name + "_training"
    names = names.replace("_training_training", "_training")
    tensors = official_tensors(f"tdnet_{names}_names.tsv", norm_size=norm_size)
    # Hundreds of megabytes that no other test asks for.
    reference_weight.cache_clear()
    if "_training" in name:
        return tensors
    return {k: v for k, v in tensors.items() if not k.startswith("auxlayer")}


# === Of any model, and files that don't fit ===


def official(model, seed=1):
    """All tensors of an official file for `model`, with random values."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for entry in model.checkpoint_entries():
        name = entry.names[0]
        tensors[name] = rng.uniform(0.5, 1.5, entry.shape).astype("float32")
        if name.endswith("running_var"):
            tracked = name.replace("running_var", "num_batches_tracked")
            tensors[tracked] = np.array(7)
    return tensors


def assert_loaded(model, tensors):
    """The model's variables are `tensors`, from `official`."""
    for entry in model.checkpoint_entries():
        value = tensors[entry.names[0]]
        if value.ndim == 4:  # (out, in, rows, columns)
            value = value.transpose(2, 3, 1, 0)
        np.testing.assert_array_equal(to_numpy(entry.variable), value)


def refused(model, path):
    """A `ValueError` of one line, and a model as it was; gives the line."""
    before = [to_numpy(variable).copy() for variable in model.weights]
    with pytest.raises(ValueError) as error:
        accel_tf.load_checkpoint(model, path)
    assert "\n" not in str(error.value)
    for variable, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(to_numpy(variable), value)
    return str(error.value)
