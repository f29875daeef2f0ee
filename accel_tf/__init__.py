"""Video segmentation at a fraction of the per-frame cost."""

import contextlib
import importlib
import pathlib
import sys

from accel_tf.quiet_start import quiet_start

_ROOT = pathlib.Path(__file__).resolve().parent.parent
if (_ROOT / "datasets" / "synthetic_streets" / "__init__.py").is_file() and (
    _ROOT / "setup.cfg"
).is_file():
    # From a bare checkout `accel_tf.datasets` and `accel_tf.serving` live
    # beside this package.
    __path__.append(str(_ROOT))

# The command line is imported after this package, too late to be quiet.
_IS_COMMAND = pathlib.Path(sys.argv[0]).stem == "accel-tf"
with quiet_start() if _IS_COMMAND else contextlib.nullcontext():
    from accel_tf import ops, serving, training
    from accel_tf.checkpoints import load_checkpoint
    from accel_tf.data.label_maps import LabelMap
    from accel_tf.models.fuse import fuse_for_inference
    from accel_tf.models.per_frame import per_frame
    from accel_tf.models.presets import (
        describe_preset,
        from_preset,
        list_presets,
    )
    from accel_tf.models.propagation import propagate, smooth, with_flow
    from accel_tf.models.segmenter import VideoSegmenter
    from accel_tf.streaming import FixedInterval, KeyframePolicy, VideoStream

# Imported when they are first asked for: exports need TensorFlow. The folder
# of `accel_tf.serving` can have no `__init__.py` that would do this.
_SERVING = {"Client": "client", "export_saved_model": "export"}


def _of_serving(name):
    if name not in _SERVING:
        raise AttributeError(f"module 'accel_tf.serving' has no {name!r}")
    module = importlib.import_module(f"accel_tf.serving.{_SERVING[name]}")
    return getattr(module, name)


serving.__getattr__ = _of_serving

__all__ = [
    "FixedInterval",
    "KeyframePolicy",
    "LabelMap",
    "VideoSegmenter",
    "VideoStream",
    "describe_preset",
    "from_preset",
    "fuse_for_inference",
    "list_presets",
    "load_checkpoint",
    "ops",
    "per_frame",
    "propagate",
    "serving",
    "smooth",
    "training",
    "with_flow",
]
