"""What several verbs' options read: `type=` of `add_argument`."""

import argparse
import re
import sys


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


def clip(text):
    """`(frames, step)` from `16x5`, `(frames, None)` from `16`.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    match = re.fullmatch(r"(\d+)(?:x(\d+(?:\.\d+)?))?", text)
    step = match and match[2] and float(match[2])
    if not match or not int(match[1]) or step == 0:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no clip; give FRAMESxSTEP, such as 16x5, or the "
            "number of frames alone"
        )
    return int(match[1]), step


def views(text):
    """`(clips, crops)` from `10x3`.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    match = re.fullmatch(r"(\d+)x([13])", text)
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(
            f"{text!r} says no views; give CLIPSxCROPS with 1 or 3 crops, "
            "such as 10x3"
        )
    return int(match[1]), int(match[2])


def seconds(text):
    """Seconds from `90`, `90.5`, `1:30` or `1:02:03.5`.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    match = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)", text)
    parts = [float(part or 0) for part in match.groups()] if match else []
    if not match or (match[2] and parts[2] >= 60):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; give seconds or MM:SS, such as 90 or 1:30"
        )
    return parts[0] * 3600 + parts[1] * 60 + parts[2]


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


def number(text, type_, least, most, hint):
    """A number within limits.

    Args:
        text: from the command line.
        type_: `int` or `float`.
        least, most: that are right.
        hint: what would be right, for the message.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    try:
        value = type_(text)
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: {hint}")
    return value


def share(text):
    """A share above 0 and up to 1.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    hint = "a share is a number above 0 and up to 1, such as 0.2"
    return number(text, float, sys.float_info.min, 1, hint)


def port(text):
    """A port of TCP; 0 stands for a free one.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    return number(text, int, 0, 65535, "a port is a number from 0 to 65535")


def names(text):
    """A list of texts with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def memory(text):
    """Bytes from `123`, `512K`, `512M` or `8G`.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    match = re.fullmatch(r"(\d+)([KMG]?)", text)
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of bytes; give one such as 512M or 8G"
        )
    return int(match[1]) * 1024 ** " KMG".index(match[2] or " ")
