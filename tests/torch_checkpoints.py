"""Official PyTorch checkpoints, made of the reference weights."""

import pytest
import torch_file_writing
from reference import official_tensors, reference_weight


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
