"""What an export says about the model in it."""

import contextlib
import hashlib
import importlib.metadata

from keras import ops

from accel_tf.models.fuse import precision_of


def fingerprint(model, key_share=None):
    """16 characters that tell models apart, by kind and weights.

    Streams whose key frames are chosen, or blended in, remember more than
    others do.
    """
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{type(model).__name__} {model.dtype_policy.name}".encode())
    if key_share is not None:
        digest.update(f"{key_share}".encode())
    if getattr(model, "blend", 0):
        digest.update(f"blend {model.blend}".encode())
    for variable in model.weights:
        value = ops.convert_to_numpy(variable)
        digest.update(f"{value.dtype} {value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def state_size(model, height, width):
    """Bytes of the state of one stream."""
    state = model.initial_state(1, height, width)
    return sum(ops.convert_to_numpy(each).nbytes for each in state.values())


def describe(model, facts, settings):
    """The content of `assets/accel_tf.json`.

    Args:
        model: what is exported.
        facts: dict of what is particular to its kind.
        settings: dict of what was chosen for the export.

    Returns:
        dict of plain JSON types.
    """
    return {
        "accel_tf_version": _version(),
        "preset": model.name,
        "system": type(model).__name__,
        "num_classes": model.num_classes,
        "precision": precision_of(model),
        **facts,
        **settings,
    }


def _version():
    """Of this library; `None` in a checkout that is not installed."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("accel-tf")
    return None
