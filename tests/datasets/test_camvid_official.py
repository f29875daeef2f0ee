"""The builder `camvid_sequences` in the layout of CamVid's authors."""

import pathlib
import tempfile

import image_writing
import numpy as np
import pytest
import tensorflow_datasets as tfds
from camvid_drawing import build, colored, draw_official, fails, label_of, read

from accel_tf.data.camvid_classes import CAMVID_32, CAMVID_32_TO_11
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.label_maps import CAMVID_11
from accel_tf.datasets.camvid_sequences import (
    CamvidSequences,
    CamvidSequencesConfig,
)


@pytest.mark.slow  # TFDS' checks of the other layout are in the file beside
class OfficialCamvidSequencesTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = CamvidSequences
    BUILDER_CONFIG_NAMES_TO_TEST = ["official_960x720"]
    SPLITS = {"train": 4, "validation": 3, "test": 2, "train_other_drives": 3}
    OVERLAPPING_SPLITS = ["train_other_drives"]

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.EXAMPLE_DIR = draw_official(pathlib.Path(folder.name))
        super().setUpClass()


@pytest.fixture(scope="module")
def official_dir(tmp_path_factory):
    return draw_official(tmp_path_factory.mktemp("camvid"), video_frames=3)


def test_official_labels_have_32_classes(official_dir, tmp_path):
    builder = build(official_dir, tmp_path, "official_960x720")
    examples = read(builder, "validation")
    assert sorted(examples) == [
        "0016E5_07959",
        "0016E5_07961",
        "0016E5_07963",
    ]
    example = examples["0016E5_07961"]
    drawn = label_of(7961) + 20
    void = CAMVID_32.names.index("Void")
    np.testing.assert_array_equal(
        example["labels"][0, ..., 0], np.where(drawn == void, 255, drawn)
    )
    again = tfds.builder_from_directory(builder.data_dir)
    assert label_map_of(again) == CAMVID_32
    assert "train_other_drives" in builder.info.splits


def official(**options):
    return CamvidSequencesConfig(name="own", layout="official", **options)


def test_official_labels_can_be_grouped_into_11_classes(official_dir, tmp_path):
    builder = build(official_dir, tmp_path, official(classes=11, max_gap=2))
    (example,) = read(builder, "validation").values()
    assert example["frame_numbers"].tolist() == [7959, 7961, 7963]
    expected = np.array(CAMVID_32_TO_11)[label_of(7963) + 20]
    np.testing.assert_array_equal(example["labels"][2, ..., 0], expected)
    assert label_map_of(builder) == CAMVID_11


def test_a_window_takes_the_frames_of_the_video(official_dir, tmp_path):
    builder = build(official_dir, tmp_path, official(window=3))
    example = read(builder, "validation")["0016E5_07961"]
    assert example["frame_numbers"].tolist() == [7959, 7960, 7961]
    assert example["label_positions"].tolist() == [2]
    assert example["labels"].shape == (1, 16, 24, 1)
    for frame, number in zip(
        example["frames"], (7959, 7960, 7961), strict=True
    ):
        drawn = image_writing.random_frame(number).astype(int)
        assert np.abs(frame - drawn).mean() < 8  # JPEG
    image_format = builder.info.features["frames"].feature.encoding_format
    assert image_format == "jpeg"


def test_missing_frames_of_a_window_are_named(official_dir, tmp_path):
    message = fails(
        FileNotFoundError, official_dir, tmp_path, official(window=5)
    )
    assert "0001TP_06690 needs the frames 6686 to 6690 of 0001TP" in message
    assert "2 are missing, the first is 0001TP_06686" in message


def test_a_colour_that_is_no_class_is_named(tmp_path):
    manual_dir = draw_official(tmp_path / "camvid")
    image = colored(label_of(0))
    image[4, 9] = 1, 2, 3
    file = manual_dir / "LabeledApproved_full/0006R0_f00930_L.png"
    image_writing.write_image(file, image)
    message = fails(
        ValueError, manual_dir, tmp_path / "data", "official_960x720"
    )
    assert f"{file} has the colour (1, 2, 3) at x=9, y=4" in message


@pytest.mark.parametrize(
    ("name", "text", "error", "expected"),
    [
        ("train.txt", None, FileNotFoundError, "there is no"),
        ("val.txt", "\n", ValueError, "lists no stills"),
        ("val.txt", "0001TP_06690", ValueError, "listed twice, in train.txt"),
        ("val.txt", "0016E5_1", FileNotFoundError, "0016E5_1, listed in"),
    ],
)
def test_faulty_lists_are_named(name, text, error, expected, tmp_path):
    manual_dir = draw_official(tmp_path / "camvid")
    if text is None:
        (manual_dir / name).unlink()
    else:
        (manual_dir / name).write_text(text)
    message = fails(error, manual_dir, tmp_path / "data", "official_960x720")
    assert expected in message and name in message


def test_lists_may_hold_paths(tmp_path):
    manual_dir = draw_official(tmp_path / "camvid")
    (manual_dir / "val.txt").write_text(
        "/CamVid/val/0016E5_07959.png /CamVid/valannot/0016E5_07959.png\n"
    )
    builder = build(manual_dir, tmp_path / "data", "official_960x720")
    assert set(read(builder, "validation")) == {"0016E5_07959"}


def test_the_11_classes_take_in_all_of_the_32_but_void():
    groups = {name: set() for name in CAMVID_11.names}
    for name, index in zip(CAMVID_32.names, CAMVID_32_TO_11, strict=True):
        if index == 255:
            assert name == "Void"
        else:
            groups[CAMVID_11.names[index]].add(name)
    assert groups["bicyclist"] == {"Bicyclist", "MotorcycleScooter"}
    assert groups["road"] == {"Road", "LaneMkgsDriv", "LaneMkgsNonDriv"}
    assert groups["pole"] == {"Column_Pole", "TrafficCone"}
    assert all(groups.values())
    assert len(set(CAMVID_32.colors)) == 32
