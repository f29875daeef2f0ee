"""What XLA has compiled, in the user's cache folder."""

import os
import sys

import pytest

from accel_tf import program_cache
from accel_tf.program_cache import remove_oldest, use_program_cache


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    return tmp_path / "accel-tf" / "xla"


def test_xla_is_told_of_the_folder(cache, monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_auto_jit=0")
    folder = use_program_cache()
    assert folder.parent == cache and folder.stat().st_mode & 0o77 == 0
    flags = os.environ["TF_XLA_FLAGS"].split()
    assert flags[0] == "--tf_xla_auto_jit=0"
    assert f"--tf_xla_persistent_cache_directory={folder}" in flags
    # It is told once.
    assert use_program_cache() is None
    assert os.environ["TF_XLA_FLAGS"].split() == flags


def test_other_processors_have_other_programs(cache, monkeypatch):
    one = use_program_cache()
    monkeypatch.delenv("TF_XLA_FLAGS")
    monkeypatch.setattr(program_cache.platform, "machine", lambda: "other")
    assert use_program_cache() != one


def test_there_may_be_no_folder(cache, monkeypatch):
    cache.parent.write_text("a file")
    assert use_program_cache() is None
    assert "TF_XLA_FLAGS" not in os.environ
    monkeypatch.setitem(sys.modules, "tensorflow", os)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent.parent / "other"))
    assert use_program_cache() is None
    assert not (cache.parent.parent / "other").exists()


def test_the_oldest_go(tmp_path):
    for age, name in enumerate(["new", "middle", "old"]):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "program"
        path.write_bytes(bytes(10))
        os.utime(path, (1000 - age, 1000 - age))
    remove_oldest(tmp_path, 25)
    left = sorted(path.parent.name for path in tmp_path.glob("*/program"))
    assert left == ["middle", "new"]
