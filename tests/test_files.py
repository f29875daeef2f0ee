import pytest

from accel_tf.files import replacing, write_text


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
