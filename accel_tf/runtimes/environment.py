"""Environment variables that other packages read."""

import contextlib
import os


@contextlib.contextmanager
def environment(name, value):
    """Sets an environment variable inside the `with`."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
