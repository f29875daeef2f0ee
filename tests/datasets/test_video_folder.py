import pathlib
import shutil
import tempfile

import image_writing
import numpy as np
import pytest
import tensorflow_datasets as tfds
from clip_drawing import LABEL_MAP, build, draw, draw_clip, label_of, read

from accel_tf.data.clips import clip_dataset
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.datasets.video_folder import VideoFolder, VideoFolderConfig


class VideoFolderTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = VideoFolder
    # Windows have the same features, and a test below.
    BUILDER_CONFIG_NAMES_TO_TEST = ["clips"]
    SPLITS = {"train": 4, "validation": 1}

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        root = draw(pathlib.Path(folder.name))
        for name in ("second", "third"):
            draw_clip(root / "train" / name, range(2))
        cls.EXAMPLE_DIR = root
        super().setUpClass()


@pytest.fixture(scope="module")
def manual_dir(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def builder(manual_dir, tmp_path_factory):
    return build(manual_dir, tmp_path_factory.mktemp("data"))


def test_a_clip_is_an_example_with_its_sparse_labels(builder):
    examples = read(builder, "train")
    assert set(examples) == {"train/first", "train/unlabelled"}
    first = examples["train/first"]
    assert first["frame_numbers"].tolist() == [8, 9, 10, 11, 12, 13]
    assert first["label_positions"].tolist() == [1, 3, 5]
    for frame, number in zip(first["frames"], range(8, 14), strict=True):
        drawn = image_writing.random_frame(number)
        np.testing.assert_array_equal(frame, drawn)


def test_indices_colours_and_palettes_are_understood(builder):
    labels = read(builder, "train")["train/first"]["labels"][..., 0]
    np.testing.assert_array_equal(labels[0], label_of(9))
    expected = label_of(11)
    expected[0, :5] = 255
    np.testing.assert_array_equal(labels[1], expected)
    np.testing.assert_array_equal(labels[2], label_of(13))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_palettes_of_few_entries_are_understood(bits, tmp_path):
    root = draw(tmp_path / "clips")
    label = np.arange(16 * 24).reshape(16, 24) % min(3, 2**bits)
    path = root / "validation/street/labels/000002.png"
    image_writing.write_paletted(path, label, bits)
    example = read(build(root, tmp_path), "validation")["validation/street"]
    np.testing.assert_array_equal(example["labels"][0, ..., 0], label)


def test_clips_without_labels_have_empty_labels(builder):
    example = read(builder, "train")["train/unlabelled"]
    assert example["frame_numbers"].tolist() == [0, 10, 20, 30, 40]
    assert example["frames"].shape == (5, 16, 24, 3)
    assert len(example["labels"]) == len(example["label_positions"]) == 0


def test_windows_end_with_a_labelled_frame(manual_dir, tmp_path):
    examples = read(build(manual_dir, tmp_path, window=4), "train")
    numbers = {
        name: example["frame_numbers"].tolist()
        for name, example in examples.items()
    }
    assert numbers == {
        "train/first/000009": [8, 9],
        "train/first/000011": [8, 9, 10, 11],
        "train/first/000013": [10, 11, 12, 13],
        "train/unlabelled/000030": [0, 10, 20, 30],
        "train/unlabelled/000040": [40],
    }
    example = examples["train/first/000013"]
    assert example["label_positions"].tolist() == [3]
    np.testing.assert_array_equal(example["labels"][0, ..., 0], label_of(13))
    assert len(examples["train/unlabelled/000040"]["labels"]) == 0


def test_names_and_colours_can_be_read_back(builder):
    for again in (
        builder,
        tfds.builder("video_folder", data_dir=builder.data_dir_root),
        tfds.builder_from_directory(builder.data_dir),
    ):
        assert label_map_of(again) == LABEL_MAP
        names = again.info.features["labels"].feature.names
        assert tuple(names) == LABEL_MAP.names


def test_the_label_map_is_not_known_before_the_folder_is_read(tmp_path):
    builder = tfds.builder("video_folder", data_dir=tmp_path)
    with pytest.raises(ValueError, match="has no class names; build it"):
        label_map_of(builder)


def test_frames_keep_the_bytes_of_their_files(tmp_path):
    root = draw(tmp_path / "clips", ending=".jpg")
    builder = build(root, tmp_path / "data")
    dataset = builder.as_dataset(
        split="validation", decoders={"frames": tfds.decode.SkipDecoding()}
    )
    (example,) = tfds.as_numpy(dataset)
    files = sorted((root / "validation/street/frames").iterdir())
    assert list(example["frames"]) == [file.read_bytes() for file in files]
    image_format = builder.info.features["frames"].feature.encoding_format
    assert image_format == "jpeg"


def test_photographs_of_a_turned_camera_are_stored_upright(tmp_path):
    root = draw(tmp_path / "clips", ending=".jpg")
    shutil.rmtree(root / "train")
    for path in (root / "validation/street/frames").iterdir():
        jpeg = path.read_bytes()
        path.write_bytes(image_writing.with_orientation(jpeg, 6))
    with pytest.raises(ValueError, match="000002.png is 24x16 and .* is 16x24"):
        build(root, tmp_path / "data")
    label = np.rot90(label_of(2), -1)
    path = root / "validation/street/labels/000002.png"
    image_writing.write_image(path, label)
    builder = build(root, tmp_path / "data")
    (example,) = read(builder, "validation").values()
    assert example["frames"].shape == (3, 24, 16, 3)
    np.testing.assert_array_equal(example["labels"][0, ..., 0], label)
    for seed, frame in enumerate(example["frames"]):
        upright = np.rot90(image_writing.random_frame(seed), -1)
        assert np.abs(np.int16(frame) - upright).mean() < 12
    clips = clip_dataset(builder, "validation", length=2, batch_size=1)
    clip, _ = next(iter(clips))
    np.testing.assert_array_equal(clip[0], example["frames"][1:])


@pytest.mark.parametrize(
    ("stems", "numbers"),
    [
        (["frame2", "frame10"], [2, 10]),
        (["a_000001_000019_left8bit", "a_000001_000020_left8bit"], [19, 20]),
        (["shot_0012"], [12]),
    ],
)
def test_frames_are_sorted_by_the_number_in_their_names(
    stems, numbers, tmp_path
):
    root = draw(tmp_path / "clips")
    shutil.rmtree(root / "validation/street")
    for seed, stem in enumerate(stems):
        image_writing.write_image(
            root / "validation/street/frames" / f"{stem}.png",
            image_writing.random_frame(seed),
        )
    (example,) = read(build(root, tmp_path), "validation").values()
    assert example["frame_numbers"].tolist() == numbers
    for seed, frame in enumerate(example["frames"]):
        np.testing.assert_array_equal(frame, image_writing.random_frame(seed))


def test_the_window_is_checked():
    with pytest.raises(ValueError, match="window must be 1 or more, not 0"):
        VideoFolderConfig(name="own", window=0)
