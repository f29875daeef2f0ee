"""Files at `s3://`, `gs://` and the like, through fsspec.

Object stores answer that they are busy, and connections break: whatever is
asked is asked again a few times, a little later each time.
"""

import os
import re
import time

from accel_tf import optional
from accel_tf.messages import one_line

PROTOCOLS = ("s3", "s3a", "gs", "gcs", "hdfs", "abfs", "az")
"""Of the stores whose URLs are inputs and outputs."""

_TRIES = 5
_FIRST_WAIT = 0.5  # Seconds; it doubles.


def is_url(place):
    """Whether a place is a URL of one of `PROTOCOLS`."""
    protocol, separator, _ = os.fspath(place).partition("://")
    return bool(separator) and protocol.lower() in PROTOCOLS


def join(place, *names):
    """The place of a file in a folder."""
    if is_url(place):
        return "/".join([place.rstrip("/"), *names])
    return os.path.join(place, *names)


def parent(place):
    """The place of the folder that holds another place."""
    return place.rstrip("/").rpartition("/")[0]


def find(pattern):
    """URLs of the files that match a pattern with `*`, `?`, `[...]`, `**`.

    Args:
        pattern: URL; of a folder for the files directly in it.

    Returns:
        list of URLs, sorted; empty if there is none.

    Raises:
        OSError: the store cannot be asked.
    """

    def ask(files, path):
        if re.search(r"[*?\[]", path):
            found = files.glob(path, detail=True).values()
        else:
            found = files.ls(path, detail=True)
        found = [entry for entry in found if entry["type"] == "file"]
        return sorted(files.unstrip_protocol(e["name"]) for e in found)

    try:
        return _again("list", pattern, ask)
    except FileNotFoundError:
        return []


def names(url):
    """Names of what is in a folder; empty if there is none."""

    def ask(files, path):
        return [
            each.rstrip("/").rpartition("/")[2]
            for each in files.ls(path, detail=False)
        ]

    try:
        return _again("list", url, ask)
    except FileNotFoundError:
        return []


def read(url):
    """The bytes of a file.

    Raises:
        FileNotFoundError, OSError: one line.
    """
    return _again("read", url, lambda files, path: files.cat_file(path))


def write(url, data):
    """Writes a file, whole or not at all."""
    _again("write", url, lambda files, path: files.pipe_file(path, data))


def open_to_read(url):
    """A file object of which only what is read is loaded."""
    return _again("read", url, lambda files, path: files.open(path, "rb"))


def download(url, path):
    """Copies a file to this machine."""
    _again("read", url, lambda files, at: files.get_file(at, os.fspath(path)))


def download_folder(url, path):
    """Copies the files of a folder, several at a time."""

    def get(files, at):
        found = files.find(at, maxdepth=1)
        names = [each.rpartition("/")[2] for each in found]
        files.get(found, [os.path.join(path, name) for name in names])

    _again("read", url, get)


def upload(paths, urls):
    """Copies files of this machine, several at a time.

    Args:
        paths, urls: lists of equal length. Each file appears whole.
    """
    if not paths:
        return

    def put(files, path):
        targets = [files._strip_protocol(url) for url in urls]
        files.put([os.fspath(path) for path in paths], targets)

    _again("write", urls[0], put)


def copy(url, target):
    """Copies a file within its store."""

    def ask(files, path):
        files.cp_file(path, files._strip_protocol(target))

    _again("copy", url, ask)


def remove(url):
    """Removes a file, or a folder with all that is in it."""

    def ask(files, path):
        if files.exists(path):
            files.rm(path, recursive=True)

    _again("remove", url, ask)


def _again(what, url, ask):
    """Asks until there is an answer."""
    fsspec = optional.require("fsspec", "ray")
    wait = _FIRST_WAIT
    for attempt in range(1, _TRIES + 1):
        try:
            # Others write, too: what was listed once may be out of date.
            files, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
            return ask(files, path)
        except (FileNotFoundError, ImportError):
            raise
        except Exception as error:  # Each store has its own kinds.
            is_final = isinstance(error, PermissionError) or attempt == _TRIES
            if is_final:
                text = f"cannot {what} {url}: {one_line(error)}"
                raise OSError(text) from error
        time.sleep(wait)
        wait *= 2
