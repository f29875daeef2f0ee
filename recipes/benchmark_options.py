"""What the options of the benchmarks mean.

Nothing of accel-tf is imported here: worker processes read this before they
choose Keras' backend.
"""


def read_names(option, text, known):
    """Names with commas between them, without those given twice.

    Args:
        option: for the error.
        text: from the command line.
        known: names that may be given.
    """
    names = text.split(",")
    for name in names:
        if name not in known:
            raise ValueError(f"{option} takes {', '.join(known)}, not {name!r}")
    return list(dict.fromkeys(names))


def read_size(text, least=1):
    """`(height, width)` of `HxW`, both of `least` or more."""
    height, _, width = text.partition("x")
    sides = [int(x) if x.isdecimal() else 0 for x in (height, width)]
    if min(sides) < least:
        limit = f" of {least} or more" if least > 1 else ""
        raise ValueError(
            f"--size is HxW{limit}, such as 512x1024, not {text!r}"
        )
    return tuple(sides)


def check_numbers(options, **least):
    """A ValueError if a number is too small; `least` by the option's name."""
    for name, smallest in least.items():
        if getattr(options, name) < smallest:
            raise ValueError(f"--{name} must be {smallest} or more")


def check_folder_of(path):
    """A FileNotFoundError if there is no folder for the file to be written.

    Args:
        path: `pathlib.Path`, or `None` if nothing is to be written.
    """
    if path is not None and not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"no such folder: {path.absolute().parent}")
