"""Processor time of a command with all processes that it starts."""

import os
import pathlib
import subprocess
import time

_SECONDS_BETWEEN_LOOKS = 0.1


def processor_seconds(command, environment):
    """Runs a command; gives the processor time of it and its descendants.

    What a process takes in its last tenth of a second is not seen, unless its
    parent waits for it. Linux only.

    Args:
        command: list of str.
        environment: dict of further environment variables.

    Raises:
        ValueError: it failed.
    """
    known = {}
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            known |= _times_below(process.pid)
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    if process.returncode:
        raise ValueError(f"{' '.join(command)} ended with an error.")
    return sum(known.values())


def _times_below(root):
    """dict of process id -> seconds, of a process and its descendants."""
    parents, times = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            text = (entry / "stat").read_text()
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()
        pid = int(entry.name)
        parents[pid] = int(fields[1])
        times[pid] = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    return {
        pid: seconds
        for pid, seconds in times.items()
        if _is_below(pid, root, parents)
    }


def _is_below(pid, root, parents):
    while pid != root:
        if pid not in parents:
            return False
        pid = parents[pid]
    return True
