"""What several verbs' options read: `type=` of `add_argument`."""

import argparse
import re


def size(text, least=1):
    """`(height, width)` from `HEIGHTxWIDTH`.

    Args:
        text: from the command line.
        least: of both.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match or min(map(int, match.groups())) < least:
        limit = f" of {least} or more" if least > 1 else ""
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size; give HEIGHTxWIDTH{limit}, such as 512x1024"
        )
    return tuple(map(int, match.groups()))


def count(text):
    """A whole number of 1 or more.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no whole number of 1 or more"
        )
    return int(text)
