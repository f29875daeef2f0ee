"""What TensorFlow says when it cannot write, in one line."""

import contextlib

import tensorflow as tf

from accel_tf.messages import tensorflow_line


@contextlib.contextmanager
def writing(path):
    """Makes TensorFlow's errors inside say that `path` cannot be written.

    They name a partial file, which is gone when somebody reads it.

    Args:
        path: of the file or folder that TensorFlow writes inside.

    Raises:
        OSError: one line.
    """
    try:
        yield
    except tf.errors.OpError as error:
        reason = tensorflow_line(error).rpartition("; ")[2]
        raise OSError(f"cannot write to {path}: {reason}") from error
