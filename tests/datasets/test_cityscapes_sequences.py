import pathlib
import pickle
import shutil
import tempfile
import types

import cityscapes_miniature as miniature
import numpy as np
import pytest
import tensorflow_datasets as tfds
from cityscapes_miniature import make, prepare, read

from accel_tf.data.label_maps import CITYSCAPES
from accel_tf.datasets import cityscapes_sequences
from accel_tf.datasets.cityscapes_sequences import resumable_builder
from accel_tf.datasets.cityscapes_sequences.png_files import check_png


class CityscapesSequencesTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = cityscapes_sequences.CityscapesSequences
    BUILDER_CONFIG_NAMES_TO_TEST = ["full_window20", "half_window5"]
    SPLITS = {"train": 4, "validation": 1}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.EXAMPLE_DIR = miniature.write_tree(pathlib.Path(folder.name))


@pytest.fixture(scope="module")
def shared_tree(tmp_path_factory):
    """Not to be changed by a test."""
    return miniature.write_tree(tmp_path_factory.mktemp("cityscapes"))


@pytest.fixture
def tree(shared_tree, tmp_path):
    return shutil.copytree(shared_tree, tmp_path / "tree")


def test_full_size_frames_keep_the_bytes_of_their_files(shared_tree, tmp_path):
    builder = prepare(make(tmp_path), shared_tree)
    stored = read(builder, decoders={"frames": tfds.decode.SkipDecoding()})
    for city, drive, labeled in (("aachen", 1, 19), ("bochum", 0, 343)):
        example = stored[f"{city}_{drive:06d}_{labeled:06d}"]
        numbers = [labeled - 2, labeled - 1, labeled]
        assert example["frame_numbers"].tolist() == numbers
        assert example["label_positions"].tolist() == [2]
        for data, number in zip(example["frames"], numbers, strict=True):
            path = miniature.frame_path(
                shared_tree, "train", city, drive, number
            )
            assert data == path.read_bytes()


def test_windows_follow_the_labels_where_numbers_run_on(shared_tree, tmp_path):
    # The two snippets of bochum follow each other without a gap.
    builder = prepare(make(tmp_path, length=20), shared_tree)
    examples = read(builder)
    assert sorted(examples) == [
        "aachen_000000_000019",
        "aachen_000001_000019",
        "bochum_000000_000313",
        "bochum_000000_000343",
    ]
    numbers = examples["bochum_000000_000343"]["frame_numbers"].tolist()
    assert numbers == list(range(324, 344))
    for name, example in examples.items():
        seed = 1000 * int(name.split("_")[1]) + int(name[-6:])
        np.testing.assert_array_equal(
            example["frames"][-1], miniature.frame(seed)
        )
    assert list(read(builder, "validation")) == ["lindau_000000_000019"]
    assert builder.info.metadata["skipped"] == []


@pytest.fixture
def still_tree(shared_tree, tmp_path):
    """The labelled frames alone, as leftImg8bit_trainvaltest.zip has them."""
    root = tmp_path / "stills"
    shutil.copytree(shared_tree / "gtFine", root / "gtFine")
    for split, city, drive, number in miniature.SNIPPETS:
        source = miniature.frame_path(shared_tree, split, city, drive, number)
        path = root / "leftImg8bit" / split / city / source.name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, path)
    return root


def test_labelled_frames_alone_are_enough_for_one_frame(
    still_tree, shared_tree, tmp_path
):
    examples = read(prepare(make(tmp_path / "a", length=1), still_tree))
    expected = read(prepare(make(tmp_path / "b", length=1), shared_tree))
    assert set(examples) == set(expected) and len(expected) == 4
    for name, example in examples.items():
        for key in ("frames", "labels", "frame_numbers"):
            np.testing.assert_array_equal(example[key], expected[name][key])


def test_of_labelled_frames_alone_faults_are_named(still_tree, tmp_path):
    with pytest.raises(FileNotFoundError, match="alone, but no leftImg8bit_s"):
        prepare(make(tmp_path), still_tree)
    miniature.label_path(still_tree, "train", "bochum", 0, 343).unlink()
    missing = "label missing: gtFine/train/bochum/bochum_000000_000343_gtFine"
    with pytest.raises(ValueError, match=f"1 fault: {missing}"):
        prepare(make(tmp_path, length=1), still_tree)


def expected_labels(label_ids):
    names = {7: "road", 8: "sidewalk", 11: "building", 12: "wall"}
    names |= {13: "fence", 17: "pole", 19: "traffic light"}
    names |= {20: "traffic sign", 21: "vegetation", 22: "terrain", 23: "sky"}
    names |= {24: "person", 25: "rider", 26: "car", 27: "truck", 28: "bus"}
    names |= {31: "train", 32: "motorcycle", 33: "bicycle"}
    labels = np.full(label_ids.shape, 255, np.uint8)
    for label_id, name in names.items():
        labels[label_ids == label_id] = CITYSCAPES.names.index(name)
    return labels


def test_label_ids_become_train_ids(shared_tree, tmp_path):
    builder = prepare(make(tmp_path), shared_tree)
    labels = read(builder)["aachen_000000_000019"]["labels"]
    assert labels.shape == (1, *miniature.SIZE, 1)
    label_ids = miniature.label_ids(19)
    np.testing.assert_array_equal(labels[0, ..., 0], expected_labels(label_ids))
    assert len(set(label_ids.flat)) == 34
    assert builder.info.features["labels"].feature.names == list(
        CITYSCAPES.names
    )


@pytest.mark.parametrize("kind", ["labelTrainIds", "trainIds"])
def test_train_ids_are_taken_as_they_are(tree, tmp_path, kind):
    # 19 is no train id; the label ids beside are not looked at.
    train_ids = np.full(miniature.SIZE, 19, np.uint8)
    train_ids[:4], train_ids[4:8], train_ids[8:12] = 0, 18, 255
    snippet = "train", "aachen", 0, 19
    miniature.write_png(miniature.label_path(tree, *snippet, kind), train_ids)
    labels = read(prepare(make(tmp_path), tree))
    stored = labels["aachen_000000_000019"]["labels"][0, ..., 0]
    np.testing.assert_array_equal(
        stored, np.where(train_ids == 19, 255, train_ids)
    )


def test_half_size(shared_tree, tmp_path):
    builder = prepare(make(tmp_path, half_size=True), shared_tree)
    example = read(builder)["bochum_000000_000313"]
    frame = miniature.frame(313).astype(np.float64)
    mean = frame.reshape(8, 2, 16, 2, 3).mean((1, 3))
    np.testing.assert_array_equal(
        example["frames"][-1], np.floor(mean + 0.5).astype(np.uint8)
    )
    labels = expected_labels(miniature.label_ids(313))
    np.testing.assert_array_equal(
        example["labels"][0, ..., 0], labels[::2, ::2]
    )


def test_chosen_cities(shared_tree, tmp_path):
    builder = prepare(make(tmp_path, cities=("bochum",)), shared_tree)
    assert sorted(builder.info.splits) == ["train"]
    assert builder.info.splits["train"].num_examples == 2
    unknown = make(tmp_path / "other", cities=["bochum", "aachn"])
    with pytest.raises(ValueError, match="'aachn'; there are: aachen, bochum"):
        prepare(unknown, shared_tree)


def test_a_city_without_a_label_for_one_snippet(tree, tmp_path):
    path = miniature.label_path(tree, "train", "bochum", 0, 343)
    path.unlink()
    with pytest.raises(
        ValueError,
        match=f"label missing: gtFine/train/bochum/{path.name} for the "
        "frames 000324 to 000353",
    ):
        prepare(make(tmp_path), tree)


def test_odd_sizes_cannot_be_halved(tree, tmp_path):
    for folder in ("leftImg8bit_sequence", "gtFine"):
        shutil.rmtree(tree / folder / "train" / "aachen")
    miniature.write_snippet(tree, "train", "aachen", 0, 19, size=(16, 31))
    with pytest.raises(ValueError, match="is 16x31; it cannot be halved"):
        prepare(make(tmp_path, half_size=True), tree)
    assert len(read(prepare(make(tmp_path), tree))) == 3


def test_label_maps_in_colour_are_named(tree, tmp_path):
    path = miniature.label_path(tree, "val", "lindau", 0, 19)
    miniature.write_png(path, miniature.frame(0))
    with pytest.raises(ValueError, match=f"{path.name} holds colours"):
        prepare(make(tmp_path), tree)


def test_the_disk_is_checked_first(tree, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        resumable_builder.shutil,
        "disk_usage",
        lambda path: types.SimpleNamespace(free=1000),
    )
    with pytest.raises(OSError, match="1000 bytes of free disk, but about"):
        prepare(make(tmp_path), tree)
    printed = capsys.readouterr().out
    assert "train 4 (cities: 2), validation 1 (cities: 1)" in printed
    assert not list(tmp_path.rglob("*.shard"))


def test_folders_without_frames(tmp_path):
    (tmp_path / "gtFine/train/aachen").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="leftImg8bit_sequence/train/"):
        prepare(make(tmp_path / "data"), tmp_path)


@pytest.mark.parametrize("length", [0, 21])
def test_the_window_ends_at_the_labelled_frame(length):
    with pytest.raises(ValueError, match="1 to 20 frames"):
        cityscapes_sequences.CityscapesSequencesConfig(
            name="own", length=length
        )


def test_on_fault(tmp_path):
    with pytest.raises(ValueError, match='"error" or "skip", not \'ignore\''):
        cityscapes_sequences.CityscapesSequences(
            data_dir=tmp_path, on_fault="ignore"
        )
    builder = cityscapes_sequences.CityscapesSequences(
        data_dir=tmp_path, on_fault="skip"
    )
    assert pickle.loads(pickle.dumps(builder)).on_fault == "skip"


@pytest.mark.parametrize(
    ("name", "length", "half_size"),
    [
        ("full_window20", 20, False),
        ("half_window20", 20, True),
        ("full_window10", 10, False),
        ("half_window5", 5, True),
    ],
)
def test_ready_made_configurations(name, length, half_size, tmp_path):
    builder = tfds.builder(f"cityscapes_sequences/{name}", data_dir=tmp_path)
    config = builder.builder_config
    assert (config.length, config.half_size) == (length, half_size)


def test_png_files_are_checked_to_their_end(tree):
    data = miniature.frame_path(tree, "train", "aachen", 0, 0).read_bytes()
    check_png(data)
    check_png(data + b"behind the end")
    for end in (0, 5, 20, 40, len(data) - 1):
        with pytest.raises(ValueError, match="is (cut off|empty)|not a PNG"):
            check_png(data[:end])
