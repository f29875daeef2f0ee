"""Keeps what XLA compiled for the next start of a command.

XLA compiles parts of programs, the same at every start: a fifth (Accel-18) to a
third (TDNet) of the time to the second frame. TensorFlow can keep them in a
folder, but ends with an error if a file there is damaged or cannot be written;
so only files that a command has sealed are left to it.
"""

import atexit
import contextlib
import hashlib
import importlib.metadata
import os
import pathlib
import platform
import shutil
import sys
import time

from accel_tf.processor import instructions

FOLDER = "ACCEL_TF_CACHE"
"""Environment variable: the folder for it; empty for none."""

_FLAGS = "TF_XLA_FLAGS"
_OPTION = "--tf_xla_persistent_cache_directory"
# Others may not know these options, and end the process for it.
_VERSIONS = ("2.20.", "2.21.")
_MOST_BYTES = 2**28
_LEAST_FREE_BYTES = 2**30
_SEAL = ".sha256"
_DAY = 86_400  # seconds


def keep_programs():
    """Programs of this process are those of the last, where they are equal.

    To be called before TensorFlow is imported; later it does nothing. So it
    does where the folder is not the user's own or has no room, and where
    `TF_XLA_FLAGS` names another.

    Returns:
        `pathlib.Path` of the folder, or `None`.
    """
    flags = os.environ.get(_FLAGS, "")
    if "tensorflow" in sys.modules or _OPTION in flags:
        return None
    folder = _folder()
    try:
        if folder is None or not _is_fit(folder):
            return None
        clean(folder)
    except OSError:
        return None  # It would only have saved time.
    os.environ[_FLAGS] = (
        f"{flags} --tf_xla_persistent_cache_device_types=CPU {_OPTION}={folder}"
    ).strip()
    atexit.register(seal, folder)
    return folder


def seal(folder):
    """Notes of all programs in a folder that they are whole.

    Args:
        folder: `pathlib.Path`.
    """
    with contextlib.suppress(OSError):
        for path in folder.glob("*.pb"):
            seal = path.with_suffix(_SEAL)
            if not seal.exists():
                # Written at once or not at all, being so short.
                seal.write_text(_digest(path))


def clean(folder, most_bytes=_MOST_BYTES):
    """Removes programs that no seal vouches for, and the oldest of too many.

    And what a killed process had begun to write, a day later.

    Args:
        folder: `pathlib.Path`.
        most_bytes: that may stay.

    Raises:
        OSError: if one cannot be removed or read.
    """
    for path in folder.glob("*.tmp"):
        if path.stat().st_mtime < time.time() - _DAY:
            path.unlink(missing_ok=True)
    size = 0
    newest_first = sorted(
        folder.glob("*.pb"), key=lambda path: -path.stat().st_mtime
    )
    for path in newest_first:
        seal = path.with_suffix(_SEAL)
        is_whole = seal.exists() and seal.read_text() == _digest(path)
        size += path.stat().st_size
        if not is_whole or size > most_bytes:
            path.unlink(missing_ok=True)
            seal.unlink(missing_ok=True)


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder():
    """Of programs for this TensorFlow and this processor, or `None`."""
    given = os.environ.get(FOLDER)
    if given == "":
        return None
    try:
        version = importlib.metadata.version("tensorflow")
    except importlib.metadata.PackageNotFoundError:
        return None
    known = instructions()
    if known is None or not version.startswith(_VERSIONS):
        return None
    kind = " ".join([version, platform.machine(), *sorted(known)])
    if given is None:
        caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        given = pathlib.Path(caches).expanduser() / "accel-tf"
    name = hashlib.sha256(kind.encode()).hexdigest()[:16]
    return pathlib.Path(given).absolute() / "xla" / name


def _is_fit(folder):
    """Whether it is there, the user's own, and on a disk with room.

    Raises:
        OSError: if it cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.stat()
    return (
        # What is in it will be run.
        about.st_uid == os.getuid()
        and not about.st_mode & 0o022
        and os.access(folder, os.W_OK)
        # Options are separated by spaces.
        and not any(map(str.isspace, str(folder)))
        and shutil.disk_usage(folder).free >= _LEAST_FREE_BYTES
    )
