"""Archives of small videos, and what the plain command makes of them."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import small_models
from video_making import damage, make

LONG = 60
PART = 15


def make_archive(folder):
    """Two short videos of one name, a long one, one with faults, one none."""
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
    make(folder / "a" / "clip.mp4", pictures(7))
    make(folder / "b" / "clip.mp4", pictures(6, 40))
    make(folder / "long.mp4", pictures(LONG, 9), options=codec(bf="2"))
    damage(make(folder / "spots.mp4", pictures(20, 3)), [4, 5])
    (folder / "none.mp4").write_bytes(b"this is no video")
    return folder


def make_long(folder, frames):
    """One video that takes a while, and one that is none."""
    make(folder / "long.mp4", pictures(frames, 0, 8), options=codec())
    (folder / "none.mp4").write_bytes(b"this is no video")
    return folder


def pictures(count, start=0, side=4):
    """Blocks that move to the right and, half as fast, down."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    blocks = blocks.repeat(side, 0).repeat(side, 1)
    return [
        np.roll(blocks, (i // 2, 2 * i + start), axis=(0, 1))
        for i in range(count)
    ]


def codec(**options):
    """Options of libx264 with a frame that stands by itself every 12."""
    return {"preset": "veryfast", "g": "12"} | options


def save_model(system, path):
    """Saves a small model whose labels are not all alike."""
    keras.utils.set_random_seed(3)
    getattr(small_models, f"small_{system}")().save(path)
    return path


def arguments(archive, model, out, *more):
    """Of `accel-tf segment` for all videos of an archive."""
    return [
        "segment",
        str(archive / "**" / "*.mp4"),
        "--weights",
        str(model),
        "--labels",
        f"{out}/labels",
        "--json",
        f"{out}/json",
        "--no-cuts",
        "--interval",
        "5",
        *more,
    ]


def segment_plainly(archive, model, out):
    """The outputs of the plain command, as `read_outputs` gives them.

    It is a process of its own, as workers are: tests leave their graphs as
    they were traced, which rounds otherwise.
    """
    out.mkdir()
    given = arguments(archive, model, out)
    command = [sys.executable, "-m", "accel_tf", *given]
    assert subprocess.run(command).returncode == 1
    return read_outputs(out)


def read_outputs(out):
    """dict of the name of each file -> what must be the same in it.

    Of a record times and the summary are left out.
    """
    files = {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(pathlib.Path(out).rglob("*"))
        if path.is_file() and path.name != "fleet.jsonl"
    }
    return {
        name: _without_times(data) if name.startswith("json") else data
        for name, data in files.items()
    }


def _without_times(data):
    record = json.loads(data)
    frames = [
        {key: value for key, value in line.items() if key != "milliseconds"}
        for line in record["frames"]
    ]
    count = record["summary"]["frames"], record["summary"]["key_frames"]
    return frames, count, record["header"]["classes"]


def lines_of(out):
    """What the manifest says, line by line."""
    text = (pathlib.Path(out) / "labels" / "fleet.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def assert_nothing_is_twice(out):
    """No part and no video was recorded a second time."""
    told = [
        (line["name"], line.get("part"))
        for line in lines_of(out)
        if "part" in line or line.get("state") == "done"
    ]
    assert len(told) == len(set(told))


def workers(parent=None):
    """Process ids of Ray's workers that are at work.

    Args:
        parent: process whose descendants they are; this one by default.
    """
    parents, found = {}, []
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        try:
            stat = pathlib.Path("/proc", entry, "stat").read_text()
            line = pathlib.Path("/proc", entry, "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
        if line.startswith(b"ray::Host.call"):
            found.append(int(entry))
    parent = parent or os.getpid()
    return [pid for pid in found if _is_below(pid, parent, parents)]


def _is_below(pid, parent, parents):
    while pid in parents:
        if pid == parent:
            return True
        pid = parents[pid]
    return False


def wait_for(condition, seconds=300):
    """Waits until a function says true; gives what it says."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"did not happen in {seconds} s")


def a_part_is_under_way(out):
    """Whether frames of a part are there, and the part is not."""
    state = pathlib.Path(out) / "labels" / ".fleet"
    return len(list(state.glob(".partial-*/part/*.png"))) > 2


def kill(pid):
    """As the system does where memory is short."""
    os.kill(pid, signal.SIGKILL)
