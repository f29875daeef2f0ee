"""Memory that was freed, given back to the system."""

import ctypes
import gc


def give_back_memory():
    """Frees what only cycles hold, and gives it and more to the system.

    A graph of TensorFlow refers to its operations, and these to it, so that
    Python finds out late that nobody else does; and the C library keeps what
    is freed for later. A process that replaces a model again and again would
    grow with each.
    """
    gc.collect()
    trim_memory()


def trim_memory():
    """Gives to the system what is free but kept by the C library.

    Making a program of TensorFlow frees as much as a model takes.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return  # Other C libraries than that of GNU.
    trim(0)
