"""Pickles, read without calling what they name, at a cost that they justify.

A pickle may name any function to be called. A reader here knows the few
names that its files need, and each stands for a function or class of this
package; a pickle that asks for another is refused.

A pickle of a few bytes may also ask for much: a place in a table as long as it
says, keys of dicts that hold themselves twice, thirty times over, or the same
text copied again and again. So Python's own reader in Python runs here, whose
table is a dict, and whose steps are looked at.
"""

import pickle
import pickletools
import struct

import numpy as np

# Each step takes a microsecond and up to 90 bytes; the largest state dict
# with an optimizer's takes some hundred thousand.
MOST_STEPS = 2_000_000
_MOST_INTEGER = 255  # bytes
_MOST_OF_KEY = 32
# What calls may copy, for each byte that was read, and at all.
_COPIES_A_BYTE, _COPIES = 4, 10_000


class Fixed:
    """What a pickle can use, but not change."""

    __slots__ = ()

    def __setstate__(self, state):
        kind = type(self).__name__.strip("_").lower()
        raise ValueError(f"it changes a {kind}")


class Function(Fixed):
    """A function that a pickle can call, but not change."""

    __slots__ = ("call",)

    def __init__(self, function):
        self.call = function

    def __call__(self, *args):
        return self.call(*args)


class NumpyDtype:
    """dtype of numpy numbers."""

    kinds = "biuf"

    def __init__(self, code, *_):
        # Longer ones are of structures, which may be nested.
        if not isinstance(code, str) or len(code) > 8:
            raise ValueError("a numpy number of an unknown dtype")
        self.dtype = np.dtype(code)
        if self.dtype.kind not in self.kinds:
            raise ValueError(f"a numpy number of dtype {self.dtype}")

    def __setstate__(self, state):
        if state[1] == ">":
            self.dtype = self.dtype.newbyteorder(">")


def check_key(key):
    """Refuses a dict's key whose hash could take long.

    Raises:
        ValueError: if it is no text, number or short tuple of such.
    """
    parts = key if isinstance(key, tuple) else (key,)
    if len(parts) > _MOST_OF_KEY or not all(map(_is_plain, parts)):
        raise ValueError("a dict has a key that is no text or number")


def _is_plain(value):
    return value is None or isinstance(value, str | bytes | int | float)


def shown(value):
    """A value of a pickle for an error's text, whatever it is."""
    if isinstance(value, str | int | float):
        return repr(value)[:80]
    return f"a {type(value).__name__.strip('_').lower()}"


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


class _Source:
    """The bytes of a pickle, of which no more are asked for than there are."""

    def __init__(self, file):
        self._file = file
        start = file.tell()
        self.left = file.seek(0, 2) - start
        self.taken = 0
        file.seek(start)

    def read(self, count):
        if count > self.left:
            raise EOFError
        return self._took(self._file.read(count))

    def readline(self):
        return self._took(self._file.readline(self.left))

    def _took(self, data):
        self.taken += len(data)
        self.left -= len(data)
        return data


class _Unpickler(pickle._Unpickler):
    """Python's reader in Python, with limits; see the module."""

    def __init__(self, source, known, load):
        super().__init__(source, encoding="latin1")
        self.source = source
        self.known = known
        self.load_persistent = load
        self.steps = self.copies = 0

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

    def count_step(self):
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise ValueError(f"a pickle of more than {MOST_STEPS} steps")

    def count_copies(self):
        """Counts what a call copies of its arguments, before it is made."""
        args = self.stack[-1]
        if isinstance(args, tuple):
            self.copies += sum(
                len(each) for each in args if hasattr(each, "__len__")
            )
        if self.copies > _COPIES + _COPIES_A_BYTE * self.source.taken:
            raise ValueError("it copies its texts over and over")

    def check_keys(self):
        for key in self.stack[::2]:
            check_key(key)

    def load_long4(self):
        (size,) = struct.unpack("<i", self.read(4))
        if not 0 <= size <= _MOST_INTEGER:
            raise ValueError(f"a number of {size} bytes")
        self.append(pickle.decode_long(self.read(size)))

    def load_bytearray8(self):
        # The step of the library makes room before it reads.
        (size,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(size)))


def unpickle(file, known, load=None):
    """The next pickle of a file.

    Args:
        file: binary file that can seek; stands behind the pickle afterwards.
        known: dict of `(module, name)` -> what stands for that.
        load: gives the object that a persistent id stands for.

    Raises:
        ValueError: if the pickle asks for another name, takes more than
            `MOST_STEPS` steps or copies what it has over and over. A damaged
            one can end in any of Python's errors.
    """
    return _Unpickler(_Source(file), known, load).load()


# === The steps ===


def _before(check, step):
    def run(unpickler):
        check(unpickler)
        step(unpickler)

    return run


def _refused(what):
    def run(unpickler):
        raise ValueError(f"it holds {what}")

    return run


def _check_key_above(unpickler):
    check_key(unpickler.stack[-2])


_CHECKS = {
    "SETITEM": _check_key_above,
    "SETITEMS": _Unpickler.check_keys,
    "DICT": _Unpickler.check_keys,
    "REDUCE": _Unpickler.count_copies,
    "NEWOBJ": _Unpickler.count_copies,
    "BUILD": _Unpickler.count_copies,
}
_OWN = {
    "LONG4": _Unpickler.load_long4,
    "BYTEARRAY8": _Unpickler.load_bytearray8,
}
_REFUSED = {
    **dict.fromkeys(("EMPTY_SET", "FROZENSET", "ADDITEMS"), "a set"),
    **dict.fromkeys(
        ("INST", "OBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4")
        + ("NEXT_BUFFER", "READONLY_BUFFER"),
        "an object that no weights need",
    ),
}


def _steps():
    """What an `_Unpickler` does for each byte that says what to do."""
    steps = {}
    for each in pickletools.opcodes:
        code = ord(each.code)
        step = _OWN.get(each.name, pickle._Unpickler.dispatch[code])
        if each.name in _CHECKS:
            step = _before(_CHECKS[each.name], step)
        if each.name in _REFUSED:
            step = _refused(_REFUSED[each.name])
        steps[code] = _before(_Unpickler.count_step, step)
    return steps


_Unpickler.dispatch = _steps()
