"""Folders for what is not whole yet, of which a killed process leaves none.

A folder `.partial-*` lies beside the target, and the process that fills it
holds a lock on a file in it. However a process ends, its locks end with it: a
folder whose lock can be had is a dead one's, and the next process that writes
there removes it. Where there are no such locks (Windows, some network disks),
what is left stays.
"""

import contextlib
import functools
import hashlib
import os
import pathlib
import platform
import re
import shutil
import tempfile
import uuid

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_LOCK = ".accel-tf-lock"
_NAME = re.compile(r"\.partial-([0-9a-f]{8})-[0-9a-f]{16}")
# Some network disks show locks only to the machine that holds them.
_SECONDS_OF_OTHER_MACHINES = 86400
_cleaned = set()


@contextlib.contextmanager
def partial_folder(parent, mode=0o777):
    """Gives an empty folder in another one; removed when the block ends.

    What is whole is renamed out of it before. The first call for a `parent`
    also removes what killed processes left there.

    Args:
        parent: path of an existing folder.
        mode: permissions of the new one, before the umask.

    Yields:
        `pathlib.Path`.

    Raises:
        OSError: one line, if `parent` cannot be written to.
    """
    # The program may change its working directory.
    parent = pathlib.Path(parent).absolute()
    try:
        folder, lock = _new_folder(parent, mode)
    except OSError as error:
        text = f"cannot write to the folder {parent}: {error.strerror}"
        raise type(error)(text) from error
    try:
        if lock is not None and str(parent) not in _cleaned:
            _cleaned.add(str(parent))
            _remove_remains(parent, folder)
        yield folder
    finally:
        _remove(folder)
        if lock is not None:
            os.close(lock)
            # A network disk may keep what is open.
            with contextlib.suppress(OSError):
                folder.rmdir()


def temporary_folder():
    """`partial_folder` in the system's folder for temporary files."""
    return partial_folder(tempfile.gettempdir(), mode=0o700)


def _new_folder(parent, mode):
    """A folder and the descriptor of its lock; `None` without locks."""
    while True:
        name = f".partial-{_machine()}-{uuid.uuid4().hex[:16]}"
        folder = parent / name
        folder.mkdir(mode)
        if fcntl is None:
            return folder, None
        try:
            lock = os.open(
                folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666
            )
        except FileNotFoundError:
            continue  # Another process took it for a dead one's.
        except OSError:
            folder.rmdir()
            raise
        if _is_held(lock, folder):
            return folder, lock
        os.close(lock)


def _is_held(lock, folder):
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False  # As above: the other is about to remove it.
    except OSError:
        return True  # The disk knows no locks, so nobody can have this one.
    return (folder / _LOCK).exists()


def _remove_remains(parent, own):
    now = own.stat().st_mtime  # By the clock of the disk.
    with os.scandir(parent) as entries:
        found = [
            (pathlib.Path(entry.path), match[1])
            for entry in entries
            if (match := _NAME.fullmatch(entry.name))
            and entry.is_dir(follow_symlinks=False)
        ]
    for folder, machine in found:
        # What belongs to another user, or is removed by another process now.
        with contextlib.suppress(OSError):
            if folder != own:
                _remove_dead(folder, machine, now)


def _remove_dead(folder, machine, now):
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        folder.rmdir()  # Its process came no further; fails if it is filled.
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        quiet = now - _last_change(folder)
        if machine == _machine() or quiet > _SECONDS_OF_OTHER_MACHINES:
            _remove(folder)
    finally:
        os.close(lock)


def _last_change(folder):
    paths = [folder, *folder.rglob("*")]
    return max(path.lstat().st_mtime for path in paths)


def _remove(folder):
    """The lock last: without it nobody could tell what is left for dead."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != _LOCK:
                path.unlink(missing_ok=True)
        (folder / _LOCK).unlink(missing_ok=True)
        folder.rmdir()


@functools.cache
def _machine():
    """Tells the running systems apart that may share a disk: 8 digits."""
    try:
        text = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        text = platform.node()
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
