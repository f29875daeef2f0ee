"""What a killed process leaves, and who removes it."""

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from accel_tf import partial_folders
from accel_tf.files import replacing, write_text
from accel_tf.partial_folders import partial_folder, temporary_folder

_HOLD = """
import sys
from accel_tf.files import replacing
with replacing(sys.argv[1]) as partial:
    partial.write_text("half")
    print(partial, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def first_look(monkeypatch):
    """As a new process, which has removed nothing yet."""
    monkeypatch.setattr(partial_folders, "_cleaned", set())


def start_writing(path):
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline().strip().endswith(path.name)
    return process


def names(folder):
    return sorted(os.listdir(folder))


def make_remains(folder, machine=None):
    """A folder as a killed process leaves it."""
    machine = machine or partial_folders._machine()
    path = folder / f".partial-{machine}-0123456789abcdef"
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "half").write_text("half")
    (path / partial_folders._LOCK).touch()
    return path


def test_remains_of_killed_processes_go_and_those_of_others_stay(tmp_path):
    with (
        start_writing(tmp_path / "a.txt") as alive,
        start_writing(tmp_path / "b.txt") as killed,
        start_writing(tmp_path / "c.txt") as killed_too,
    ):
        for process in (killed, killed_too):
            process.kill()
            process.wait()
        assert len(names(tmp_path)) == 3
        write_text(tmp_path / "d.txt", "whole")
        left = names(tmp_path)
        assert left[1:] == ["d.txt"] and left[0].startswith(".partial-")
        assert alive.communicate(timeout=60) == ("", None)
    assert names(tmp_path) == ["a.txt", "d.txt"]
    assert (tmp_path / "a.txt").read_text() == "half"


def test_folders_of_other_names_stay(tmp_path):
    old = tmp_path / ".partial-12-name"
    old.mkdir()
    (tmp_path / ".partial-0000").touch()
    link = tmp_path / f".partial-{partial_folders._machine()}-{'0' * 16}"
    link.symlink_to(old)
    write_text(tmp_path / "a.txt", "text")
    assert len(names(tmp_path)) == 4


def test_another_machines_folder_stays_for_a_day(tmp_path, monkeypatch):
    """Some network disks show locks only to the machine that holds them."""
    left = make_remains(tmp_path, "00000000")
    with partial_folder(tmp_path):
        assert left.exists()
    for path in (left, *left.rglob("*")):
        os.utime(path, (0, 0))
    monkeypatch.setattr(partial_folders, "_cleaned", set())
    with partial_folder(tmp_path):
        assert not left.exists()
    assert names(tmp_path) == []


@pytest.mark.parametrize("where", ["disk", "system"])
def test_without_locks_what_is_left_stays(tmp_path, monkeypatch, where):
    def flock(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    if where == "disk":
        monkeypatch.setattr(fcntl, "flock", flock)
    else:
        monkeypatch.setattr(partial_folders, "fcntl", None)
    left = make_remains(tmp_path)
    write_text(tmp_path / "a.txt", "text")
    assert names(tmp_path) == [left.name, "a.txt"]
    assert (left / "deep" / "half").exists()


def test_a_folder_without_a_lock_goes_if_it_is_empty(tmp_path):
    empty = tmp_path / f".partial-{partial_folders._machine()}-{'0' * 16}"
    empty.mkdir()
    filled = make_remains(tmp_path)
    (filled / partial_folders._LOCK).unlink()
    write_text(tmp_path / "a.txt", "text")
    assert names(tmp_path) == [filled.name, "a.txt"]


def test_whoever_loses_its_folder_makes_another(tmp_path, monkeypatch):
    """Another process may take one that is not locked yet for a dead one's."""
    flock, taken = fcntl.flock, []

    def slow_flock(file, operation):
        if not taken:
            taken.extend(tmp_path.iterdir())
            partial_folders._remove(taken[0])
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", slow_flock)
    with partial_folder(tmp_path) as folder:
        assert folder.is_dir() and folder not in taken
    assert names(tmp_path) == []


def test_within_a_process_and_an_exception(tmp_path):
    with pytest.raises(RuntimeError):
        with replacing(tmp_path / "a") as one, replacing(tmp_path / "a") as two:
            one.write_text("1")
            two.write_text("2")
            partial_folders._cleaned.clear()
            write_text(tmp_path / "b", "text")
            assert one.exists() and two.exists()
            raise RuntimeError
    assert names(tmp_path) == ["b"]


def test_temporary_folders_are_private_and_go(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = make_remains(tmp_path)
    with temporary_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert not left.exists()
    assert names(tmp_path) == []
