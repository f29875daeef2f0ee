"""Keeps TensorFlow's own messages from drowning those of a program.

At its start TensorFlow writes several lines to standard error, before any
logging level counts; the one line in which a command says what went wrong would
drown in them.
"""

import contextlib
import logging
import os
import re
import sys
import tempfile

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# Such as `I0000 00:00:1795845699.843663   24418 port.cc:153] oneDNN ...`
_LINES = re.compile(
    rb"[IWE]\d{4} [\d:.]+ +\d+ \S+:\d+\] .*"
    rb"|\d{4}-\d\d-\d\d [\d:.]+: [IWE] \S+:\d+\] .*"
    rb"|WARNING: All log messages before absl::InitializeLog\(\) .*"
    rb"|To enable the following instructions: .*"
)


def set_level():
    """Turns the messages of TensorFlow's C++ code off, unless the user chose.

    Its errors too: one of them is that there is no GPU, and what matters
    becomes an exception.
    """
    os.environ.setdefault(_LEVEL, "3")


@contextlib.contextmanager
def quiet_start():
    """Leaves out what TensorFlow writes to standard error inside.

    Where `TF_CPP_MIN_LOG_LEVEL` asks for more than errors, nothing is.
    What others write inside is written after it, and so is everything if the
    block raises.
    """
    original = None
    if os.environ.get(_LEVEL, "3") >= "2":
        with contextlib.suppress(OSError):  # without a standard error
            original = os.dup(2)
    if original is None:
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        keep = True
        try:
            yield
            keep = False
        finally:
            os.dup2(original, 2)
            os.close(original)
            held.seek(0)
            lines = held.read().splitlines(keepends=True)
            for line in lines:
                if keep or not _LINES.match(line):
                    os.write(2, line)


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
