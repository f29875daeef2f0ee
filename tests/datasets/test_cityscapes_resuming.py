"""Builds of cityscapes_sequences that end early, and the run after."""

import collections
import pathlib

import cityscapes_miniature as miniature
import numpy as np
import pytest
from cityscapes_miniature import make, prepare, read

from accel_tf.datasets.cityscapes_sequences import (
    cityscapes_sequences_dataset_builder as implementation,
)


@pytest.fixture
def tree(tmp_path):
    return miniature.write_tree(tmp_path / "tree")


def count_reads(monkeypatch, stop_after=None):
    """Counts how often each frame is read; may interrupt like Ctrl-C."""
    reads = collections.Counter()

    def read_frame(path, half_size):
        if stop_after is not None and reads.total() == stop_after:
            raise KeyboardInterrupt
        reads[path.name] += 1
        return original(path, half_size)

    original = implementation.read_frame
    monkeypatch.setattr(implementation, "read_frame", read_frame)
    return reads


def remains(folder):
    return sorted(
        path.name for path in folder.rglob("*") if path.name.startswith(".part")
    )


def interrupt(tree, data_dir, monkeypatch):
    """A build that is stopped in its third shard of one snippet each."""
    with monkeypatch.context() as patch:
        reads = count_reads(patch, stop_after=8)
        builder = make(data_dir)
        with pytest.raises(KeyboardInterrupt):
            prepare(builder, tree, num_shards=4)
    folder = pathlib.Path(builder.data_dir)
    assert not folder.exists() and not remains(folder.parent)
    store = folder.parent / "unfinished.1.0.0"
    assert len(list(store.glob("*.shard"))) == 2
    return store, list(reads)


def test_a_second_run_writes_only_what_is_missing(tree, tmp_path, monkeypatch):
    store, first = interrupt(tree, tmp_path, monkeypatch)
    reads = count_reads(monkeypatch)
    builder = prepare(make(tmp_path), tree, num_shards=4)
    assert set(reads.values()) == {1} and len(reads) == 15 - 6
    assert not set(first[:6]) & set(reads)
    assert not store.exists() and not remains(tmp_path)
    assert builder.info.splits["train"].shard_lengths == [1, 1, 1, 1]

    uninterrupted = prepare(make(tmp_path / "other"), tree, num_shards=4)
    for split in ("train", "validation"):
        expected = read(uninterrupted, split)
        found = read(builder, split)
        assert list(found) == list(expected)
        for name, example in expected.items():
            np.testing.assert_array_equal(
                found[name]["frames"], example["frames"]
            )


def test_files_that_changed_are_read_again(tree, tmp_path, monkeypatch):
    _, first = interrupt(tree, tmp_path, monkeypatch)
    (path,) = tree.rglob(first[0])
    changed = miniature.frame(12345)
    miniature.write_png(path, changed)
    builder = prepare(make(tmp_path), tree, num_shards=4)
    city, drive, number = first[0].split("_")[:3]
    frames = [
        example["frames"][example["frame_numbers"].tolist().index(int(number))]
        for name, example in read(builder).items()
        if name.startswith(f"{city}_{drive}_")
        and int(number) in example["frame_numbers"]
    ]
    np.testing.assert_array_equal(frames, [changed])


def test_a_shard_that_lost_its_end_is_written_again(
    tree, tmp_path, monkeypatch
):
    store, _ = interrupt(tree, tmp_path, monkeypatch)
    shard = sorted(store.glob("*.shard"))[0]
    shard.write_bytes(shard.read_bytes()[:-10])
    reads = count_reads(monkeypatch)
    builder = prepare(make(tmp_path), tree, num_shards=4)
    assert len(reads) == 15 - 3
    assert len(read(builder)) == 4


def damage(path):
    """Changes a byte in the middle, as a bad disk does."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_damage_inside_a_frame_is_found_when_it_is_read(tree, tmp_path):
    path = miniature.frame_path(tree, "train", "aachen", 1, 18)
    whole = path.read_bytes()
    damage(path)
    with pytest.raises(ValueError, match=f"{path.name} is damaged: a checksum"):
        prepare(make(tmp_path), tree, num_shards=4)

    builder = prepare(make(tmp_path, on_fault="skip"), tree, num_shards=4)
    assert builder.info.splits["train"].num_examples == 3
    # The shard of the damaged frame alone has become empty.
    assert builder.info.splits["train"].shard_lengths == [1, 1, 1]
    (skipped,) = builder.info.metadata["skipped"]
    assert path.name in skipped

    path.write_bytes(whole)
    repaired = prepare(make(tmp_path / "other"), tree, num_shards=4)
    assert len(read(repaired)) == 4
