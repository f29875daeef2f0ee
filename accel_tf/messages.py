"""What a program says in a line or two."""

import contextlib
import os
import re
import sys
import textwrap

_BARS = "TQDM_DISABLE"
_is_quiet = False


@contextlib.contextmanager
def quiet():
    """Leaves out progress bars and what is not asked for inside.

    The bars are those of tqdm, of this package and of others; tqdm must not
    be imported before.
    """
    global _is_quiet
    before = _is_quiet, os.environ.get(_BARS)
    _is_quiet = True
    os.environ[_BARS] = "1"
    try:
        yield
    finally:
        _is_quiet = before[0]
        del os.environ[_BARS]
        if before[1] is not None:
            os.environ[_BARS] = before[1]


def is_quiet():
    """Whether `quiet` is in force."""
    return _is_quiet


def tell(text):
    """Prints what is good to know but not the result, unless `quiet`."""
    if not _is_quiet:
        print(text, flush=True)


def note(line):
    """Writes a note beside the progress bars, unless `quiet`."""
    if not _is_quiet:
        import tqdm

        tqdm.tqdm.write(f"note: {line}", file=sys.stderr)


def one_line(error, width=200):
    """The text of an error in one line, shortened between two words.

    Args:
        error: an exception, or a text.
        width: most characters.
    """
    return textwrap.shorten(str(error), width, placeholder=" ...")


def tensorflow_line(error):
    """The message of a `tf.errors.OpError` without the places in its graphs."""
    line = error.message.partition("\n")[0].partition(" [Op:")[0]
    return re.sub(r"^\{\{.*?\}\} ", "", line)


def hide_deprecations():
    """Silences what TensorFlow and TFDS say of their own old calls.

    It is not the user's business and would bury progress bars.
    """
    import logging

    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
