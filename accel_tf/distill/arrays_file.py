"""Arrays in one file, written whole and read without running anything."""

import numpy as np

from accel_tf.checkpoints.npz_files import read_npz
from accel_tf.files import replacing


def write_arrays(path, arrays):
    """Writes a dict of arrays as an `.npz` file, whole or not at all.

    Args:
        path: the file; its folder must exist.
        arrays: dict of name -> numpy array.

    Raises:
        OSError: if it cannot be written.
    """
    with replacing(path) as partial, open(partial, "wb") as file:
        np.savez(file, **arrays)


def read_arrays(path, kinds):
    """Reads what `write_arrays` wrote.

    Args:
        path: the file.
        kinds: dict of name -> `(dtype, number of axes)` that it must have.

    Returns:
        dict of name -> array.

    Raises:
        OSError: if there is no such file.
        ValueError: if it is damaged, or another kind of file; it is never
            larger in memory than on the disk.
    """
    try:
        stored = read_npz(path)
        arrays = {name: stored[name] for name in kinds}
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"{path} is damaged, or holds something else than "
            f"{', '.join(kinds)}."
        ) from error
    for name, (dtype, axes) in kinds.items():
        array = arrays[name]
        if array.dtype != dtype or array.ndim != axes:
            raise ValueError(
                f"{name} in {path} is {array.dtype} with {array.ndim} axes; "
                f"{dtype} with {axes} is needed."
            )
    return arrays
