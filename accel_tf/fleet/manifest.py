"""What a fleet has done, so that the same command goes on after anything."""

import contextlib
import errno
import json
import math
import os
import time

from accel_tf.fleet import remote

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

NAME = "fleet.jsonl"
"""Of the file, in the first folder of outputs."""

PLANNED, DONE, FAILED = "planned", "done", "failed"
_SECONDS_BETWEEN_UPLOADS = 5.0
_SECONDS_WITHOUT_STORE = 300.0


class Manifest:
    """A file of JSON lines; a context manager.

    The first line says with which settings it began. Each further one says
    something new of a video: that it is `planned`, and the name of its
    outputs; that a part of it is there (`part`, its number, with `first` and
    `end`), or that it cannot be cut (`whole`); that it is `done`, with its
    numbers; or that it has `failed`, with the reason. The last one holds. A
    line with a `version` says that another version of the library went on:
    parts of before do not count, so that no video is of two.

    On a disk lines are added as they come, and a last one that a power cut
    has torn does not count. An object store gets the whole file anew, at most
    every few seconds; what it has not got yet is done again.

    Args:
        place: path or URL of the file; its folder must exist.
        settings: dict of plain JSON types that the outputs depend on, with
            the `version` of the library.
        mixes_versions: whether to go on where another version has begun;
            `None` where that is out of the question.
        elsewhere: what messages call another place.

    Raises:
        ValueError: one line, if it was begun with other settings or by another
            version, or is none.
        BlockingIOError: another process works on it.

    Attributes:
        names: dict of source -> name of its outputs.
        states: dict of name -> `PLANNED`, `DONE` or `FAILED`.
        parts: dict of name -> dict of number -> line of that part.
        whole: dict of name -> why it cannot be cut into parts.
        totals: dict of name -> line of a video that is done.
    """

    def __init__(
        self, place, settings, mixes_versions=False, elsewhere="another folder"
    ):
        self.place, self._settings = place, settings
        self._mixes, self._elsewhere = mixes_versions, elsewhere
        self.names, self.states, self.parts, self.totals = {}, {}, {}, {}
        self.whole = {}
        self._lines, self._file = [], None
        self._uploaded, self._failing_since = -math.inf, None

    def __enter__(self):
        header, *lines = self._open() or [None]
        try:
            if header is None:
                self._write({"fleet": 1, "settings": self._settings})
            else:
                self._lines += [header, *lines]
                self._check(header["settings"], lines)
        except BaseException:
            self._close()
            raise
        return self

    def _close(self):
        if self._file is not None:
            self._file.close()

    def __exit__(self, *error):
        # What went wrong first is told.
        quiet = (OSError,) if error[0] else ()
        try:
            with contextlib.suppress(*quiet):
                self.flush()
        finally:
            self._close()

    def _open(self):
        """The lines that there are."""
        if remote.is_url(self.place):
            try:
                data = remote.read(self.place)
            except FileNotFoundError:
                data = b""
            return self._lines_of(data)
        self._file = open(self.place, "a+b", buffering=0)
        try:
            self._lock()
            self._file.seek(0)
            data = self._file.read()
            lines = self._lines_of(data)
            self._length = data.rfind(b"\n") + 1
            self._file.truncate(self._length)
        except BaseException:
            self._close()
            raise
        return lines

    def _lines_of(self, data):
        try:
            whole = data[: data.rfind(b"\n") + 1]
            lines = [json.loads(line) for line in whole.splitlines()]
            is_one = not lines or lines[0]["fleet"] == 1
        except (ValueError, TypeError, KeyError, RecursionError):
            is_one = False
        if not is_one:
            raise ValueError(
                f"{self.place} is not the record of a fleet; move it away, or "
                f"give {self._elsewhere}."
            )
        return lines

    def _lock(self):
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(
                f"another command works on {self.place}; wait for its end, or "
                f"give {self._elsewhere}."
            ) from error
        except OSError:
            pass  # The disk knows no locks.

    def _check(self, before, lines):
        """Takes the lines, if they are of the same settings."""
        for line in lines:
            self._take(line)
            if "version" in line:
                before = before | line
        new = self._settings.get("version")
        for key in [*self._settings, *before]:
            if before.get(key) == self._settings.get(key):
                continue
            if key != "version":
                raise ValueError(self._why_not(key, before))
            if not self._mixes:
                raise ValueError(self._why_not_this_version(before[key], new))
        if before.get("version") != new:
            self.add({"version": new})

    def _why_not(self, key, before):
        old, new = (
            json.dumps(settings.get(key))
            for settings in (before, self._settings)
        )
        return (
            f"{self.place} was begun with {key} {old}, not {new}; give the "
            f"same options to go on, or {self._elsewhere}."
        )

    def _why_not_this_version(self, old, new):
        way = "" if self._mixes is None else "give --mix-versions to go on, "
        return (
            f"{self.place} was begun with accel-tf {old}, and labels of "
            f"{new} may differ; {way}use that version, or give "
            f"{self._elsewhere}."
        )

    def _take(self, line):
        if "version" in line:
            self.parts.clear()
            return
        name = line["name"]
        if "source" in line:
            self.names[line["source"]] = name
        if "part" in line:
            self.parts.setdefault(name, {})[line["part"]] = line
        else:
            self.states[name] = line["state"]
            if line["state"] == DONE:
                self.totals[name] = line
            if "whole" in line:
                self.whole[name] = line["whole"]
            if "whole" in line or line["state"] == DONE:
                self.parts.pop(name, None)

    def plan(self, source, name):
        """A video is to be done."""
        self.add({"name": name, "state": PLANNED, "source": source})

    def add(self, line):
        """Adds a line.

        Args:
            line: dict with the `name` of a video, and `state` or `part`.
        """
        self._take(line)
        self._write(line)

    def _write(self, line):
        self._lines.append(line)
        if self._file is None:
            now = time.monotonic()
            if now > self._uploaded + _SECONDS_BETWEEN_UPLOADS:
                self._upload(now)
            return
        data = _text(line)
        if self._file.write(data) < len(data):
            self._file.truncate(self._length)
            text = os.strerror(errno.ENOSPC)
            raise OSError(errno.ENOSPC, f"cannot write {self.place}: {text}")
        self._length += len(data)

    def _upload(self, now):
        """Stores all lines; a store may fail for a while."""
        try:
            self.flush()
            self._failing_since = None
        except OSError:
            if self._failing_since is None:
                self._failing_since = now
            if now - self._failing_since > _SECONDS_WITHOUT_STORE:
                raise

    def flush(self):
        """Makes sure that all lines are stored."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            return
        self._uploaded = time.monotonic()
        remote.write(self.place, b"".join(map(_text, self._lines)))


def _text(line):
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"
