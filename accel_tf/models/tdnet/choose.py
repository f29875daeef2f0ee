"""One of several branches, as a number says that may be a tensor."""

import keras
from keras import ops


def choose(index, branches):
    """Runs one branch only.

    Args:
        index: Python int, or a scalar integer tensor.
        branches: functions without arguments, whose results are alike.

    Returns:
        Of the branch at `index`. Within a program whose tensors have no
        value yet the branches are all built and one runs; elsewhere the
        others are not even looked at.
    """
    if len(branches) == 1:
        return branches[0]()
    if _has_value(index):
        return branches[int(index)]()
    return ops.switch(index, branches)


def _has_value(index):
    if isinstance(index, int):
        return True
    if keras.backend.backend() == "jax":
        import jax

        return not isinstance(index, jax.core.Tracer)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return not tf.is_symbolic_tensor(index)
    return True
