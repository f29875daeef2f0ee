"""Compiled programs that the next process finds."""

import os
import subprocess
import sys

import pytest

from accel_tf import program_cache

# What is in the folder when it is handed over, and what TensorFlow says then.
PROCESS = """
from accel_tf import program_cache

program_cache._LEAST_FREE_BYTES = 0
folder = program_cache.keep_programs()
print(sorted(path.suffix for path in folder.iterdir()))
import tensorflow as tf

program = tf.function(lambda x: x * x + 1.0, jit_compile=True)
assert program(tf.constant(3.0)).numpy() == 10.0
"""


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """A process that has not imported TensorFlow, and its folder."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setenv(program_cache.FOLDER, str(tmp_path / "kept"))
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_cpu_global_jit")
    monkeypatch.setattr(program_cache.atexit, "register", lambda *_: None)
    monkeypatch.setattr(program_cache, "_LEAST_FREE_BYTES", 0)
    monkeypatch.setattr(program_cache, "instructions", lambda: {"avx"})
    return monkeypatch


def test_tensorflow_is_told_the_folder(fresh, tmp_path):
    folder = program_cache.keep_programs()
    assert folder.parent == tmp_path / "kept" / "xla"
    assert folder.stat().st_mode & 0o777 == 0o700
    flags = os.environ["TF_XLA_FLAGS"].split()
    assert flags[0] == "--tf_xla_cpu_global_jit"
    assert flags[-1] == f"--tf_xla_persistent_cache_directory={folder}"
    assert program_cache.keep_programs() is None  # told already


def test_other_processors_and_versions_have_folders_of_their_own(fresh):
    def folder():
        fresh.setenv("TF_XLA_FLAGS", "")
        return program_cache.keep_programs()

    found = [folder()]
    fresh.setattr(program_cache, "instructions", lambda: {"avx", "avx512f"})
    found.append(folder())
    of_package = program_cache.importlib.metadata
    fresh.setattr(of_package, "version", lambda _: "2.20.9")
    found.append(folder())
    assert len(set(found)) == 3
    fresh.setattr(of_package, "version", lambda _: "3.0.0")
    assert folder() is None  # It may not know the options.


def test_the_usual_folder_of_caches(fresh, tmp_path):
    fresh.delenv(program_cache.FOLDER)
    fresh.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    folder = program_cache.keep_programs()
    assert folder.parents[1] == tmp_path / "caches" / "accel-tf"


def unwritable(fresh, path):
    fresh.setattr(program_cache.os, "access", lambda *_: False)


def of_another_user(fresh, path):
    fresh.setattr(program_cache.os, "getuid", lambda: os.geteuid() + 1)


def no_room(fresh, path):
    fresh.setattr(program_cache, "_LEAST_FREE_BYTES", 2**70)


def a_file_in_its_place(fresh, path):
    path.write_text("")


def switched_off(fresh, path):
    fresh.setenv(program_cache.FOLDER, "")


def imported_already(fresh, path):
    fresh.setitem(sys.modules, "tensorflow", program_cache)


def name_with_a_space(fresh, path):
    fresh.setenv(program_cache.FOLDER, f"{path} of mine")


@pytest.mark.parametrize(
    "happens",
    [
        unwritable,
        of_another_user,
        no_room,
        a_file_in_its_place,
        switched_off,
        imported_already,
        name_with_a_space,
    ],
)
def test_without_it_nothing_changes(fresh, tmp_path, happens):
    happens(fresh, tmp_path / "kept")
    assert program_cache.keep_programs() is None
    assert os.environ["TF_XLA_FLAGS"] == "--tf_xla_cpu_global_jit"


def test_only_whole_programs_stay_and_the_newest(tmp_path):
    for index, name in enumerate(("old", "damaged", "new")):
        path = tmp_path / f"{name}.pb"
        path.write_bytes(bytes(100))
        os.utime(path, (index, index))
    program_cache.seal(tmp_path)
    (tmp_path / "damaged.pb").write_bytes(bytes(99))
    (tmp_path / "unsealed.pb").write_bytes(bytes(100))
    (tmp_path / "killed.pb1.tmp").write_bytes(bytes(100))
    os.utime(tmp_path / "killed.pb1.tmp", (0, 0))

    def kept(most_bytes):
        program_cache.clean(tmp_path, most_bytes)
        return sorted(path.name for path in tmp_path.iterdir())

    both = ["new.pb", "new.sha256", "old.pb", "old.sha256"]
    assert kept(10**6) == both
    assert kept(200) == both
    assert kept(199) == both[:2]


@pytest.mark.skipif(
    program_cache.instructions() is None, reason="nothing tells the processor"
)
def test_the_next_process_finds_what_was_compiled(tmp_path):
    environment = {**os.environ, program_cache.FOLDER: str(tmp_path)}
    environment.pop("TF_XLA_FLAGS", None)

    def found():
        done = subprocess.run(
            [sys.executable, "-c", PROCESS],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    assert found() == "[]"
    (program,) = tmp_path.glob("xla/*/*.pb")
    assert found() == "['.pb', '.sha256']"
    # TensorFlow would end with an error.
    program.write_bytes(program.read_bytes()[:-1])
    assert found() == "[]"
