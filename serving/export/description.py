"""What an export says about the model in it."""

import contextlib
import hashlib
import importlib.metadata

from keras import ops

from accel_tf.serving.export.signatures import WARM_UP_STREAM


def fingerprint(model):
    """16 characters that tell models apart, by kind and weights."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{type(model).__name__} {model.dtype_policy.name}".encode())
    for variable in model.weights:
        value = ops.convert_to_numpy(variable)
        digest.update(f"{value.dtype} {value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def state_size(model, height, width):
    """Bytes of the state of one stream."""
    state = model.initial_state(1, height, width)
    return sum(ops.convert_to_numpy(each).nbytes for each in state.values())


def describe(model, settings):
    """The content of `assets/accel_tf.json`.

    Args:
        model: a `VideoSegmenter`.
        settings: dict of what was chosen for the export.

    Returns:
        dict of plain JSON types.
    """
    return {
        "accel_tf_version": _version(),
        "preset": model.name,
        "system": type(model).__name__,
        "uses_key_frames": model.uses_key_frames,
        "num_classes": model.num_classes,
        "class_names": list(model.label_map.names),
        "palette": [list(color) for color in model.label_map.colors],
        "output_stride": model.output_stride,
        "trained_size": model.trained_size,
        "warm_up_stream": WARM_UP_STREAM,
        **settings,
    }


def _version():
    """Of this library; `None` in a checkout that is not installed."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("accel-tf")
    return None
