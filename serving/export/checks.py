"""Conditions on a request, checked inside the graph."""

import contextlib

import tensorflow as tf


def require(condition, *message):
    """An operation that fails with INVALID_ARGUMENT unless `condition`.

    Args:
        condition: scalar boolean tensor.
        *message: parts of the message: strings, or tensors of numbers or
            strings.
    """
    parts = [
        tf.strings.as_string(part)
        if tf.is_tensor(part) and part.dtype != tf.string
        else part
        for part in message
    ]
    return tf.debugging.Assert(condition, [tf.strings.join(parts)])


@contextlib.contextmanager
def after(*operations):
    """What is made inside runs when `operations` have succeeded."""
    with tf.control_dependencies(operations):
        yield


def checked(tensor, *operations):
    """`tensor`, once `operations` have succeeded."""
    with tf.control_dependencies(operations):
        return tf.identity(tensor)
