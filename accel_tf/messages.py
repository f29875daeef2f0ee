"""Words of other libraries within messages of one line."""

import textwrap


def one_line(error, width=200):
    """The text of an error in one line, shortened between two words.

    Args:
        error: an exception, or a text.
        width: most characters.
    """
    return textwrap.shorten(str(error), width, placeholder=" ...")
