"""Video segmentation at a fraction of the per-frame cost."""

# ruff: noqa: F405 (type checkers see the names, ruff does not)

import importlib
import importlib.machinery
import importlib.util
import pathlib
import sys
import typing

from accel_tf import import_hooks, quiet_start
from accel_tf.lazy import lazy_names

if typing.TYPE_CHECKING:
    from accel_tf.public_names import *  # noqa: F403

__version__ = "0.1.0"

__all__ = [
    "AdaptiveKeyframes",
    "ClipClassifier",
    "ClipStream",
    "FixedInterval",
    "KeyframePolicy",
    "LabelMap",
    "SceneCuts",
    "VideoSegmenter",
    "VideoStream",
    "describe_preset",
    "from_preset",
    "fuse_for_inference",
    "list_presets",
    "load_checkpoint",
    "load_model",
    "ops",
    "per_frame",
    "propagate",
    "serving",
    "smooth",
    "training",
    "with_blend",
    "with_flow",
]
_ROOMS = {
    "browse",
    "checkpoints",
    "classify",
    "data",
    "datasets",
    "evaluation",
    "layers",
    "metrics",
    "models",
    "ops",
    "runtimes",
    "segment",
    "streaming",
    "training",
    "video",
    "visualize",
    "weights",
}
_BESIDE = ("datasets", "recipes", "serving")


def __getattr__(name):
    """Imports a public name or a room when it is first asked for."""
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.public_names"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__, *_ROOMS})


def _find_beside(root):
    """From a bare checkout some rooms live beside this package."""
    if not all((root / name).exists() for name in ("setup.cfg", *_BESIDE)):
        return
    for name in _BESIDE:
        spec = importlib.machinery.ModuleSpec(
            f"{__name__}.{name}", None, is_package=True
        )
        spec.submodule_search_locations.append(str(root / name))
        module = importlib.util.module_from_spec(spec)
        globals()[name] = sys.modules[spec.name] = module


_find_beside(pathlib.Path(__file__).resolve().parent.parent)

# Not `from accel_tf import`: where the package is installed, that would ask
# `__getattr__` first, which imports everything.
serving = importlib.import_module("accel_tf.serving")
# Its folder can have no `__init__.py` that would do this.
serving.__getattr__, serving.__dir__ = lazy_names(
    "accel_tf.serving",
    {
        "Client": "accel_tf.serving.client",
        "export_saved_model": "accel_tf.serving.export",
    },
)

quiet_start.set_level()
import_hooks.install()
