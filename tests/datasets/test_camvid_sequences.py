import pathlib
import tempfile

import image_writing
import numpy as np
import pytest
import tensorflow_datasets as tfds
from camvid_drawing import build, draw_segnet, fails, label_of, read

from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.label_maps import CAMVID_11
from accel_tf.datasets.camvid_sequences import (
    CamvidSequences,
    CamvidSequencesConfig,
)


class CamvidSequencesTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = CamvidSequences
    BUILDER_CONFIG_NAMES_TO_TEST = ["segnet_480x360"]
    SPLITS = {"train": 4, "validation": 1, "test": 2, "train_other_drives": 3}
    OVERLAPPING_SPLITS = ["train_other_drives"]

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.EXAMPLE_DIR = draw_segnet(pathlib.Path(folder.name))
        super().setUpClass()


@pytest.fixture(scope="module")
def segnet(tmp_path_factory):
    manual_dir = draw_segnet(tmp_path_factory.mktemp("camvid"), ".jpg")
    return manual_dir, build(manual_dir, tmp_path_factory.mktemp("data"))


def test_the_segnet_layout_is_the_default(tmp_path):
    builder = tfds.builder("camvid_sequences", data_dir=tmp_path)
    assert builder.builder_config.name == "segnet_480x360"


def test_a_regular_run_of_stills_is_one_sequence(segnet):
    _, builder = segnet
    (example,) = read(builder, "validation").values()
    assert example["sequence_id"] == b"0016E5_07959"
    assert example["frames"].shape == (3, 16, 24, 3)
    assert example["frame_numbers"].tolist() == [7959, 7961, 7963]
    assert example["label_positions"].tolist() == [0, 1, 2]


def test_stills_a_second_apart_are_sequences_of_one_frame(segnet):
    _, builder = segnet
    examples = read(builder, "train")
    assert sorted(examples) == [
        "0001TP_06690",
        "0001TP_06720",
        "0006R0_f00930",
        "0016E5_00390",
    ]
    assert examples["0006R0_f00930"]["frame_numbers"].tolist() == [930]


def test_value_11_is_ignored(segnet):
    _, builder = segnet
    (example,) = read(builder, "validation").values()
    for label, number in zip(
        example["labels"], (7959, 7961, 7963), strict=True
    ):
        drawn = label_of(number)
        np.testing.assert_array_equal(
            label[..., 0], np.where(drawn == 11, 255, drawn)
        )


def test_drives_of_the_validation_split_can_be_held_out(segnet):
    _, builder = segnet
    assert set(read(builder, "train_other_drives")) == {
        "0001TP_06690",
        "0001TP_06720",
        "0006R0_f00930",
    }


@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_frames_keep_the_bytes_of_their_files(ending, segnet, tmp_path):
    manual_dir, builder = segnet
    if ending == ".png":
        manual_dir = draw_segnet(tmp_path / "camvid")
        builder = build(manual_dir, tmp_path / "data")
    dataset = builder.as_dataset(
        split="validation", decoders={"frames": tfds.decode.SkipDecoding()}
    )
    (example,) = tfds.as_numpy(dataset)
    for data, number in zip(example["frames"], (7959, 7961, 7963), strict=True):
        file = manual_dir / "val" / f"0016E5_{number:05d}{ending}"
        assert data == file.read_bytes()


def test_the_format_that_was_found_is_in_the_info(segnet):
    _, builder = segnet
    for again in (
        builder,
        tfds.builder("camvid_sequences", data_dir=builder.data_dir_root),
        tfds.builder_from_directory(builder.data_dir),
    ):
        features = again.info.features
        assert features["frames"].feature.encoding_format == "jpeg"
        assert label_map_of(again) == CAMVID_11


def test_a_folder_around_the_layout_is_accepted(tmp_path):
    draw_segnet(tmp_path / "data set" / "CamVid")
    builder = build(tmp_path / "data set", tmp_path / "built")
    assert builder.info.splits["train"].num_examples == 4


def test_without_test_and_without_other_drives(tmp_path):
    splits = {"train": [("A", 1)], "val": [("A", 100)]}
    builder = build(draw_segnet(tmp_path / "in", splits=splits), tmp_path)
    assert set(builder.info.splits) == {"train", "validation"}


@pytest.mark.parametrize(
    ("max_gap", "numbers", "sequences"),
    [
        (2, [1, 3, 5, 6, 7, 9], [[1, 3, 5], [6, 7], [9]]),
        (1, [1, 2, 4, 6], [[1, 2], [4], [6]]),
        (30, [10, 40, 70, 101], [[10, 40, 70], [101]]),
        (0, [1, 2], [[1], [2]]),
    ],
)
def test_a_longer_gap_or_another_step_starts_a_sequence(
    max_gap, numbers, sequences, tmp_path
):
    splits = {"train": [("A", number) for number in numbers], "val": [("B", 1)]}
    config = CamvidSequencesConfig(name="own", layout="segnet", max_gap=max_gap)
    manual_dir = draw_segnet(tmp_path / "in", splits=splits)
    builder = build(manual_dir, tmp_path / "out", config)
    examples = read(builder, "train").values()
    found = [example["frame_numbers"].tolist() for example in examples]
    assert sorted(found) == sequences


def test_sequences_never_join_two_drives(tmp_path):
    splits = {"train": [("A", 1), ("B", 2)], "val": [("C", 1)]}
    builder = build(draw_segnet(tmp_path / "in", splits=splits), tmp_path)
    assert sorted(read(builder, "train")) == ["A_00001", "B_00002"]


def remove(path):
    path.unlink()


def truncate(path):
    image_writing.cut_off(path)


def shrink(path):
    image_writing.write_image(path, np.zeros((8, 24), np.uint8))


def add_a_wrong_value(path):
    label = label_of(0)
    label[3, 7] = 12
    image_writing.write_image(path, label)


def color(path):
    image_writing.write_image(path, np.zeros((16, 24, 3), np.uint8))


def rename(path):
    path.rename(path.with_name("frame.png"))


def copy_as_jpeg(path):
    image_writing.write_image(
        path.with_name("0001TP_00001.jpg"), image_writing.random_frame(1)
    )
    image_writing.write_image(
        path.parent.with_name("trainannot") / "0001TP_00001.png", label_of(1)
    )


def make_it_text(path):
    path.write_text("not an image")


@pytest.mark.parametrize(
    ("spoil", "file", "error", "expected"),
    [
        (remove, "trainannot/0001TP_06690.png", FileNotFoundError, "no label"),
        (remove, "train/0001TP_06690.png", FileNotFoundError, "no frame"),
        (truncate, "train/0001TP_06690.png", ValueError, "damaged or cut off"),
        (truncate, "valannot/0016E5_07961.png", ValueError, "damaged"),
        (make_it_text, "train/0001TP_06690.png", ValueError, "not a PNG file"),
        (make_it_text, "trainannot/0001TP_06690.png", ValueError, "not a PNG"),
        (shrink, "valannot/0016E5_07961.png", ValueError, "24x8"),
        (shrink, "val/0016E5_07961.png", ValueError, "one size"),
        (
            add_a_wrong_value,
            "trainannot/0001TP_06690.png",
            ValueError,
            "the value 12 at x=7, y=3",
        ),
        (color, "trainannot/0001TP_06690.png", ValueError, "holds RGB colours"),
        (copy_as_jpeg, "train/0001TP_06690.png", ValueError, "one format"),
    ],
)
def test_a_fault_is_named_in_one_line(spoil, file, error, expected, tmp_path):
    manual_dir = draw_segnet(tmp_path / "camvid")
    spoil(manual_dir / file)
    message = fails(error, manual_dir, tmp_path / "data")
    assert expected in message
    assert pathlib.Path(file).stem in message


def test_misnamed_frames_and_missing_folders_are_named(tmp_path):
    manual_dir = draw_segnet(tmp_path / "camvid")
    for folder in ("train", "trainannot"):
        rename(manual_dir / folder / "0001TP_06690.png")
    message = fails(ValueError, manual_dir, tmp_path / "data")
    assert "train/frame.png is not named <drive>_<frame number>" in message
    for path in (manual_dir / "valannot").iterdir():
        path.unlink()
    (manual_dir / "valannot").rmdir()
    for folder in ("train", "trainannot"):
        remove(manual_dir / folder / "frame.png")
    message = fails(FileNotFoundError, manual_dir, tmp_path / "data")
    assert "no folder" in message and "valannot" in message


def test_after_a_fault_a_second_run_succeeds(tmp_path):
    manual_dir = draw_segnet(tmp_path / "camvid")
    file = manual_dir / "val" / "0016E5_07961.png"
    whole = file.read_bytes()
    truncate(file)
    fails(ValueError, manual_dir, tmp_path / "data")
    file.write_bytes(whole)
    builder = build(manual_dir, tmp_path / "data")
    assert builder.info.splits["validation"].num_examples == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"layout": "other"},
            "one of segnet, official, kaggle, fastai, not",
        ),
        ({"layout": "segnet", "classes": 32}, "segnet layout has 11 classes"),
        ({"layout": "segnet", "window": 2}, "take the official layout"),
        ({"layout": "fastai", "window": 2}, "the fastai layout has no frames"),
        ({"layout": "official", "classes": 12}, "classes must be 11 or 32"),
        ({"layout": "official", "max_gap": -1}, "max_gap must be 0 or more"),
        ({"layout": "official", "window": 0}, "window must be 1 or more"),
        (
            {"layout": "official", "window": 2, "max_gap": 2},
            "max_gap must be 0",
        ),
    ],
)
def test_configurations_are_checked(options, expected):
    with pytest.raises(ValueError, match=expected):
        CamvidSequencesConfig(name="own", **options)
