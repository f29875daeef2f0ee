"""A lock that keeps two processes from building the same data set."""

import contextlib

from accel_tf.messages import note

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextlib.contextmanager
def build_lock(folder):
    """Holds the lock of a data set while the block runs.

    Where the system or the disk knows no such locks, a line on stderr says
    so and the block runs all the same.

    Args:
        folder: `pathlib.Path` of the data set to be, in an existing folder.

    Raises:
        OSError: Another process holds it.
    """
    if fcntl is None:
        _warn(folder, "this system")
        yield
        return
    path = folder.with_name(f".lock-{folder.name}")
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OSError(f"another process is building {folder}") from error
        except OSError:
            _warn(folder, f"the disk of {folder.parent}")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _warn(folder, what):
    note(
        f"{what} knows no locks; see to it that no other process "
        f"builds {folder} at the same time"
    )
