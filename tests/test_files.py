import errno
import pathlib

import pytest

from accel_tf.files import read_json, replacing, write_text


def test_a_failed_write_changes_nothing(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError):
        with replacing(path) as partial:
            partial.write_text("new")
            raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder: .*none"):
        write_text(tmp_path / "none" / "a.txt", "text")


def full_disk(*arguments):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_one_line_with_the_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    monkeypatch.setattr(pathlib.Path, "write_bytes", full_disk)
    with pytest.raises(OSError) as raised:
        write_text(path, "text")
    assert str(raised.value) == f"cannot write {path}: No space left on device"
    assert raised.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_a_partial_files_name_is_not_told(tmp_path):
    path = tmp_path / "a.txt"
    with pytest.raises(IsADirectoryError) as raised:
        with replacing(path) as partial:
            partial.mkdir()
            partial.write_text("text")
    assert str(raised.value) == f"cannot write {path}: Is a directory"


def test_errors_about_other_files_stay(tmp_path):
    for error in (OSError("a line"), FileNotFoundError(2, "No file", "x")):
        with pytest.raises(OSError) as raised:
            with replacing(tmp_path / "a.txt"):
                raise error
        assert raised.value is error


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(pathlib.Path, "mkdir", full_disk)
    match = f"^cannot write to the folder {tmp_path}: No space left on device$"
    with pytest.raises(OSError, match=match):
        write_text(tmp_path / "a.txt", "text")


def test_json_that_cannot_be_used_is_one_line_with_the_file(tmp_path):
    path = tmp_path / "a.json"
    for data, words in (
        (b"[" * 200_000 + b"]" * 200_000, "nested too deep for"),
        (b"{", "not a JSON file: Expecting"),
        (b"\xff\xfe\xff", "not a JSON file: 'utf-16.*codec"),
        (b"9" * 5000, "not a JSON file: Exceeds the limit"),
    ):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=f"^{path} is {words}"):
            read_json(path)
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(path) == {"a": 1}
