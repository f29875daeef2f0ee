"""Reader of `.npz` files that are no larger in memory than on the disk.

`numpy.load` makes room for what an array's header claims before it reads, and
unpacks whatever is compressed, of which a file can hold a thousand times its
own size.
"""

import math
import zipfile

import numpy as np

from accel_tf.checkpoints.sized_reader import SizedReader

_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(path):
    """Reads the arrays that `numpy.savez` wrote.

    Args:
        path: of the file.

    Returns:
        dict of name -> array.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is no such file, is damaged or compressed, holds
            objects, or claims more than it has; one line without the path.
    """
    with SizedReader(path) as file:
        try:
            return _arrays(file)
        except OSError:
            raise
        except Exception as error:
            # A damaged archive can end in any of Python's errors.
            if type(error) is ValueError:
                raise
            raise ValueError(
                f"damaged or truncated ({type(error).__name__})"
            ) from error


def _arrays(file):
    arrays, left = {}, file.size
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{entry.filename[:80]!r} is compressed")
            left -= entry.file_size
            if left < 0:
                raise ValueError("its parts are larger than the file")
            with archive.open(entry) as source:
                array = _array(source, entry)
            arrays[entry.filename.removesuffix(".npy")] = array
    return arrays


def _array(source, entry):
    version = np.lib.format.read_magic(source)
    if version not in _READERS:
        raise ValueError(f"{entry.filename[:80]!r} is of an unknown format")
    shape, _, dtype = _READERS[version](source)
    needed = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or min(shape, default=0) < 0:
        raise ValueError(f"{entry.filename[:80]!r} holds no numbers")
    if needed != entry.file_size - source.tell():
        raise ValueError(
            f"{entry.filename[:80]!r} claims {needed} bytes of numbers and has "
            f"{entry.file_size - source.tell()}"
        )
    source.seek(0)
    return np.lib.format.read_array(source, allow_pickle=False)
