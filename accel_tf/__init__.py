"""Video segmentation at a fraction of the per-frame cost."""

import pathlib

_ROOT = pathlib.Path(__file__).resolve().parent.parent
if (_ROOT / "datasets" / "synthetic_streets" / "__init__.py").is_file() and (
    _ROOT / "setup.cfg"
).is_file():
    # From a bare checkout `accel_tf.datasets` lives beside this package.
    __path__.append(str(_ROOT))
