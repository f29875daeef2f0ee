"""Reader of TensorFlow 1 checkpoints.

A checkpoint is a file `PREFIX.index` with names and shapes, and one or more
`PREFIX.data-00000-of-00001` with the numbers. TensorFlow's own reader checks
the sums of both.
"""

import glob
import math
import os
import re

import numpy as np

from accel_tf.messages import one_line

_INDEX = ".index"
_DATA = re.compile(r"\.data-\d{5}-of-\d{5}$")
# The end of every table of LevelDB, whose format the index has.
_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")

BESIDE_WEIGHTS = (
    "global_step",
    "beta1_power",
    "beta2_power",
    "_CHECKPOINTABLE_OBJECT_GRAPH",
    "*/Momentum",
    "*/Adam",
    "*/Adam_1",
    "*/RMSProp",
    "*/RMSProp_1",
    "*/ExponentialMovingAverage",
)
"""Names, with wildcards, of what training keeps beside the weights."""


def checkpoint_prefix(path):
    """What the names of a checkpoint's files start with.

    Args:
        path: a prefix, such as `model.ckpt-30000`, or one of the files.

    Returns:
        str; `None` if there is no such checkpoint.
    """
    path = os.fspath(path)
    prefix = _DATA.sub("", path.removesuffix(_INDEX))
    try:
        with open(prefix + _INDEX, "rb") as file:
            file.seek(-len(_MAGIC), os.SEEK_END)
            return prefix if file.read() == _MAGIC else None
    except OSError:
        return None


def read_checkpoint(prefix, is_wanted):
    """Reads the arrays of a checkpoint.

    Args:
        prefix: from `checkpoint_prefix`.
        is_wanted: function of a name, whether its array is to be read.

    Returns:
        `(tensors, others)`: dict of name -> array, and the names of what was
        not read.

    Raises:
        ValueError: if the checkpoint is damaged or truncated; one line.
    """
    import tensorflow as tf

    try:
        reader = tf.train.load_checkpoint(prefix)
        shapes = reader.get_variable_to_shape_map()
        dtypes = reader.get_variable_to_dtype_map()
        names = [name for name in sorted(shapes) if is_wanted(name)]
        _check_size(prefix, [(shapes[n], dtypes[n]) for n in names])
        tensors = {name: np.asarray(reader.get_tensor(name)) for name in names}
    except (tf.errors.OpError, RuntimeError, ValueError) as error:
        reason = getattr(error, "message", None) or one_line(error)
        raise ValueError(
            f"{prefix} is damaged or truncated: {reason.splitlines()[0]}"
        ) from error
    return tensors, [name for name in sorted(shapes) if name not in tensors]


def _check_size(prefix, arrays):
    """Before room is made for numbers that are not there."""
    for shape, dtype in arrays:
        if not dtype.is_numpy_compatible or dtype == "string":
            raise ValueError(f"it holds a tensor {shape} of {dtype.name}")
    needed = sum(math.prod(shape) * dtype.size for shape, dtype in arrays)
    files = glob.glob(glob.escape(prefix) + ".data-*")
    there = sum(os.path.getsize(file) for file in files)
    if needed > there:
        raise ValueError(
            f"its index names {needed} bytes, {prefix}.data-* hold {there}"
        )
