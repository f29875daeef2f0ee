"""Files of built data sets that are damaged, and disks that are full."""

import errno
import pathlib

import pytest
import tensorflow as tf

from accel_tf.commands import main
from accel_tf.data.builders import prepared_builder
from accel_tf.data.clips import clip_dataset
from accel_tf.data.damage import naming_damage, naming_folder
from accel_tf.data.records import frame_size, label_counts
from accel_tf.data.sequences import read_sequences
from tests import sequence_drawing as drawing


@pytest.fixture
def builder(tmp_path):
    example = drawing.sequence(3, (2,))
    example |= {"sequence_id": "drawn", "frame_numbers": [0, 1, 2]}
    return drawing.build(tmp_path, {"train": [example] * 2})


def shard(builder):
    (path,) = builder.info.splits["train"].filepaths
    return pathlib.Path(path)


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 1
    path.write_bytes(data)


def empty(path):
    path.write_bytes(b"")


def shorten(path):
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize(
    "damage, reason",
    [
        (flip, "corrupted record at"),
        (shorten, "truncated record at"),
        (empty, "0 records instead of 2"),
    ],
)
def test_a_damaged_file_is_named(builder, damage, reason):
    path = shard(builder)
    damage(path)
    match = f"^{path} is damaged .{reason}.*; remove the folder"
    with pytest.raises(ValueError, match=match):
        label_counts(builder, "train")


def test_a_damaged_file_is_named_in_sequences_and_training(builder):
    flip(shard(builder))
    match = f"^{shard(builder)} is damaged"
    with pytest.raises(ValueError, match=match):
        list(read_sequences(builder, "train"))
    with pytest.raises(ValueError, match=match):
        with naming_damage(builder):
            dataset = clip_dataset(builder, "train", length=2, batch_size=1)
            list(dataset.take(4))


def test_a_missing_file_is_named(builder):
    path = shard(builder)
    path.unlink()
    for read in (frame_size, label_counts):
        with pytest.raises(OSError, match=f"^{path}; No such file"):
            read(builder, "train")


def test_other_errors_stay(builder):
    error = tf.errors.FailedPreconditionError(None, None, "no usable sequence")
    with pytest.raises(tf.errors.FailedPreconditionError) as raised:
        with naming_damage(builder):
            raise error
    assert raised.value is error


def test_damaged_facts_of_a_data_set(tmp_path):
    """Not of its records, but of what TFDS wrote beside them."""
    folder = tmp_path / "synthetic_streets" / "small" / "1.0.0"
    folder.mkdir(parents=True)
    for data in ("{", "[" * 200_000):
        (folder / "dataset_info.json").write_text(data)
        with pytest.raises(ValueError, match=f"^{folder} is damaged"):
            prepared_builder("synthetic_streets/small", tmp_path)


def raised_by_tfds(cause):
    """As `tensorflow_datasets.core.utils.reraise` does it."""
    try:
        raise cause
    except Exception as error:
        raise RuntimeError(f"Error: Failed to write.\n{error}") from error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        tf.errors.ResourceExhaustedError(None, None, "No space left on device"),
    ],
)
def test_a_full_disk_is_one_line_with_the_data_sets_folder(tmp_path, error):
    folder = tmp_path / "config" / "1.0.0"
    with pytest.raises(OSError) as raised:
        with naming_folder(folder):
            raised_by_tfds(error)
    message = f"cannot write {folder}: No space left on device"
    assert str(raised.value) == message


def test_errors_of_the_users_files_keep_their_names(tmp_path):
    with pytest.raises(PermissionError, match="Permission denied: 'frame.png'"):
        with naming_folder(tmp_path / "config" / "1.0.0"):
            raised_by_tfds(
                PermissionError(13, "Permission denied", "frame.png")
            )
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        with naming_folder(tmp_path / "config" / "1.0.0"):
            raised_by_tfds(KeyError("a mistake of ours"))


def test_a_build_on_a_full_disk_leaves_nothing(tmp_path, monkeypatch, capsys):
    def write(self, *arguments):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left")

    monkeypatch.setattr(tf.io.TFRecordWriter, "write", write)
    arguments = ["build-data", "synthetic_streets", "--data-dir"]
    arguments.append(str(tmp_path / "data"))
    for setting in ("train_sequences=1", "validation_sequences=1"):
        arguments += ["--set", setting]
    for setting in ("train_length=1", "validation_length=1"):
        arguments += ["--set", setting]
    assert main(arguments) == 2
    assert "No space left" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
