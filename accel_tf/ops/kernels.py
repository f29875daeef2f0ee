"""Which of several equal forms of an operation a program is made of."""

import contextlib
import contextvars
import functools

import keras

PROGRAMS = ("any", "tensorflow", "xla", "portable")

_program = contextvars.ContextVar("program", default="any")


@contextlib.contextmanager
def kernels_for(program):
    """Operations called inside take the form that is best for a program.

    Results are the same but for rounding. Only on the TensorFlow backend is
    there a choice.

    Args:
        program: where the operations will run.
            `"any"`, as outside of this: in no program or in any other; also
            for gradients.
            `"tensorflow"`: in one that XLA does not compile, with those of
            TensorFlow's kernels that XLA does not have. For inference.
            `"xla"`: in one that XLA compiles, so that what comes between
            operations need not be stored.
            `"portable"`: in one that is converted for another runtime, of
            elementary operations only.

    Raises:
        ValueError: if `program` is none of these.
    """
    if program not in PROGRAMS:
        raise ValueError(f"program must be one of {PROGRAMS}, got {program!r}.")
    token = _program.set(program)
    try:
        yield
    finally:
        _program.reset(token)


def program_kind():
    """The innermost `kernels_for`; `"portable"` on other backends."""
    if keras.backend.backend() != "tensorflow":
        return "portable"
    return _program.get()


def compiles_with_xla():
    """Whether XLA is sure to work: on a GPU it needs more than TensorFlow."""
    import tensorflow as tf

    devices = tf.config.list_physical_devices()
    return {device.device_type for device in devices} == {"CPU"}


@functools.cache
def runs_onednn():
    """Whether TensorFlow's convolutions are those of oneDNN.

    By default they are on processors that have AVX-512 or better.
    """
    from tensorflow.python.util import _pywrap_util_port

    return _pywrap_util_port.IsMklEnabled() and compiles_with_xla()
