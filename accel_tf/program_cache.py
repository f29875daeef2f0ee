"""What XLA compiles, kept for the next process in the user's cache folder.

It compiles the parts of programs that are sums of many tensors, which takes a
second or two for each shape of these.
"""

import contextlib
import hashlib
import importlib.metadata
import os
import pathlib
import platform
import sys

_FLAGS = "TF_XLA_FLAGS"
_MOST_BYTES = 2**28


def use_program_cache():
    """Lets XLA find what an earlier process has compiled.

    The files are in `accel-tf/xla` in the user's cache folder
    (`$XDG_CACHE_HOME` or `~/.cache`), by the version of TensorFlow and the
    kind of processor that they are for, and named by their content. Without
    effect once TensorFlow was imported, where `TF_XLA_FLAGS` says where such
    files are kept, or the folder cannot be written.

    Returns:
        `pathlib.Path` of the folder; `None` if there is none.
    """
    given = os.environ.get(_FLAGS, "")
    if "tensorflow" in sys.modules or "persistent_cache" in given:
        return None
    try:
        folder = cache_folder() / "xla" / _kind_of_programs()
        # Whoever may write there decides what is run.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError, importlib.metadata.PackageNotFoundError):
        return None
    if not os.access(folder, os.W_OK) or " " in str(folder):
        return None  # The flags are split where there are spaces.
    with contextlib.suppress(OSError):
        remove_oldest(folder.parent)
    flags = f"--tf_xla_persistent_cache_directory={folder}"
    os.environ[_FLAGS] = " ".join(
        [given, flags, "--tf_xla_persistent_cache_read_only=false"]
    ).strip()
    return folder


def cache_folder():
    """The folder of this library in the user's cache folder.

    Raises:
        RuntimeError: if the user has no home.
    """
    folder = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(folder):
        folder = pathlib.Path.home() / ".cache"
    return pathlib.Path(folder) / "accel-tf"


def remove_oldest(folder, most_bytes=_MOST_BYTES):
    """Removes the oldest files below a folder beyond so many bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    files = [(path.stat(), path) for path in files]
    files.sort(key=lambda each: each[0].st_mtime, reverse=True)
    total = 0
    for status, path in files:
        total += status.st_size
        if total > most_bytes:
            path.unlink(missing_ok=True)


def _kind_of_programs():
    """A name for what runs the same programs as this process would."""
    features = platform.machine()
    with contextlib.suppress(OSError):
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        names = ("model name", "flags", "Features")
        features += "".join(
            dict.fromkeys(line for line in lines if line.startswith(names))
        )
    version = importlib.metadata.version("tensorflow")
    digest = hashlib.sha256(features.encode()).hexdigest()[:16]
    return f"{version}-{digest}"
