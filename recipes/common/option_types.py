"""What the options of several recipes read: `type=` of `add_argument`."""

import argparse
import pathlib


def names_of(known):
    """A reader of names with commas between them.

    Args:
        known: names that may be given.

    Returns:
        A function that gives a list without those given twice.
    """

    def read(text):
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"takes {', '.join(known)}, not {name!r}"
                )
        return list(dict.fromkeys(names))

    return read


def at_least(smallest):
    """A reader of whole numbers of `smallest` or more."""

    def read(text):
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or number < smallest:
            raise argparse.ArgumentTypeError(
                f"must be a whole number of {smallest} or more, not {text!r}"
            )
        return number

    return read


def file_to_write(text):
    """Path of a file in a folder that exists."""
    path = pathlib.Path(text)
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"no such folder: {path.absolute().parent}"
        )
    return path
