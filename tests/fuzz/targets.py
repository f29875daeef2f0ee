"""All targets by name, each imported when it is asked for."""

import importlib

_MODULES = {
    "http": "http_targets",
    **dict.fromkeys(("json", "predict", "examples"), "json_targets"),
    **dict.fromkeys(
        ("pickle", "pth", "npy", "npz", "params"), "checkpoint_targets"
    ),
    **dict.fromkeys(("update", "message"), "distill_targets"),
    "image": "image_targets",
}
NAMES = tuple(_MODULES)


# Modules whose branches tell whether an input is new. Named here, because
# they are changed as they are imported.
_INSTRUMENTED = {
    "http_targets": ("accel_tf.serving.http_request",),
    "json_targets": ("accel_tf.serving",),
    "checkpoint_targets": (
        "accel_tf.checkpoints",
        *("pickle", "zipfile", "tarfile"),
    ),
    "image_targets": ("accel_tf.serving.image_sizes",),
    "distill_targets": ("accel_tf.distill.codec", "accel_tf.distill.messages"),
}


def instrumented(name):
    """Names of the modules and packages that a target is about."""
    return _INSTRUMENTED[_MODULES[name]]


def target(name):
    """The `Target` of a name out of `NAMES`."""
    module = importlib.import_module(f"fuzz.{_MODULES[name]}")
    return getattr(module, name.upper())
