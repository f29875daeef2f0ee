"""Keeps TensorFlow's own messages out of the command line.

At its start TensorFlow writes several lines to standard error, before any
logging level counts; the one line in which a command says what went wrong would
drown in them.
"""

import contextlib
import logging
import os
import sys
import tempfile


@contextlib.contextmanager
def quiet_start():
    """Holds back what is written to standard error inside.

    If the block raises, what was held back is written after all.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(original, 2)
            held.seek(0)
            sys.stderr.write(held.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)


@contextlib.contextmanager
def quiet_tensorflow(level=logging.ERROR):
    """Leaves out what TensorFlow's Python code logs below a level inside.

    Args:
        level: of `logging`; what is at least as grave is still logged.
    """
    import tensorflow as tf

    logger = tf.get_logger()
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)
