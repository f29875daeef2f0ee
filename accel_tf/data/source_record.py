"""A record, beside a data set, of the files that it was made of."""

import dataclasses
import hashlib
import json
import os

from accel_tf.files import read_json, write_text

_NAME = "manual_dir.json"


@dataclasses.dataclass(frozen=True)
class SourceRecord:
    """What a folder of files looked like; their content is not read.

    Attributes:
        files: number of files, those in folders within it included.
        num_bytes: their size together.
        content: digest of their names and sizes.
        times: digest of when they were changed last.
    """

    files: int
    num_bytes: int
    content: str
    times: str


def record_of(manual_dir):
    """The `SourceRecord` of a folder as it is now.

    Args:
        manual_dir: `pathlib.Path`.
    """
    content, times = hashlib.sha256(), hashlib.sha256()
    files = num_bytes = 0
    for folder, folders, names in os.walk(manual_dir, followlinks=True):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            try:
                status = os.stat(path)
            except FileNotFoundError:  # a link to nowhere
                continue
            files += 1
            num_bytes += status.st_size
            relative = os.path.relpath(path, manual_dir)
            content.update(f"{relative}\0{status.st_size}\0".encode())
            times.update(f"{status.st_mtime_ns}\0".encode())
    return SourceRecord(
        files, num_bytes, content.hexdigest(), times.hexdigest()
    )


def write_record(folder, record):
    """Puts a `SourceRecord` beside a data set, into its `folder`."""
    text = json.dumps(dataclasses.asdict(record), indent=1) + "\n"
    write_text(folder / _NAME, text)


def describe_changes(folder, manual_dir):
    """How the files differ from those that a data set was made of.

    Args:
        folder: `pathlib.Path` of the data set.
        manual_dir: `pathlib.Path` of the files as they are now.

    Returns:
        A sentence, or None if they are the same or nothing is known of what
        they were.
    """
    try:
        before = SourceRecord(**read_json(folder / _NAME))
    except (FileNotFoundError, TypeError, ValueError):
        return None
    now = record_of(manual_dir)
    if now == before:
        return None
    if now.content == before.content:
        return (
            f"The files in {manual_dir} have the names and sizes of those "
            f"that it was built from, but were written at other times."
        )
    return (
        f"The files in {manual_dir} are not those that it was built from: "
        f"now {_size(now)}, then {_size(before)}."
    )


def _size(record):
    return f"{record.files} files of {record.num_bytes:,} bytes"
