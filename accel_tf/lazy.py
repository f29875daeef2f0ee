"""Names of a package that are imported when they are first asked for."""

import importlib
import sys


def lazy_names(package, homes):
    """Makes the functions that a package needs for such names (PEP 562).

    Args:
        package: its `__name__`.
        homes: dict of name -> module that holds it.

    Returns:
        `(__getattr__, __dir__)` of the package.
    """

    def get(name):
        if name not in homes:
            raise AttributeError(f"module {package!r} has no {name!r}")
        value = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names():
        return sorted({*vars(sys.modules[package]), *homes})

    return get, names
