"""Pickles, read without calling what they name.

A pickle may name any function to be called. A reader here knows the few
names that its files need, and each stands for a function or class of this
package; a pickle that asks for another is refused.
"""

import pickle

import numpy as np


class Function:
    """A function that a pickle can call, but not change."""

    def __init__(self, function):
        self.call = function

    def __call__(self, *args):
        return self.call(*args)

    def __setstate__(self, state):
        raise ValueError("it changes a function")


class NumpyDtype:
    """dtype of numpy numbers."""

    kinds = "biuf"

    def __init__(self, code, *_):
        self.dtype = np.dtype(code)
        if self.dtype.kind not in self.kinds:
            raise ValueError(f"a numpy number of dtype {self.dtype}")

    def __setstate__(self, state):
        if state[1] == ">":
            self.dtype = self.dtype.newbyteorder(">")


def _scalar(dtype, data):
    return np.frombuffer(data, dtype.dtype, count=1)[0].item()


def _encode(text, *_):
    return text.encode("latin1")


NUMPY_SCALARS = {
    ("numpy", "dtype"): NumpyDtype,
    ("numpy.core.multiarray", "scalar"): Function(_scalar),
    ("numpy._core.multiarray", "scalar"): Function(_scalar),
    ("_codecs", "encode"): Function(_encode),
}
"""What a pickle needs for a number of numpy, as checkpoints hold a score."""


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, known, load):
        super().__init__(file, encoding="latin1")
        self.known = known
        self.load_persistent = load

    def find_class(self, module, name):
        if (module, name) not in self.known:
            raise ValueError(
                f"it asks for {module}.{name}, which no weights need, and is "
                "not read"
            )
        return self.known[module, name]

    def persistent_load(self, saved):
        if self.load_persistent is None:
            raise ValueError("a tensor where none belongs")
        return self.load_persistent(saved)


def unpickle(file, known, load=None):
    """The next pickle of a file.

    Args:
        file: binary file; stands behind the pickle afterwards.
        known: dict of `(module, name)` -> what stands for that.
        load: gives the object that a persistent id stands for.

    Raises:
        ValueError: if the pickle asks for another name. A damaged one can
            end in any of Python's errors.
    """
    return _Unpickler(file, known, load).load()
