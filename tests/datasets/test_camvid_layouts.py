"""The layouts in which CamVid is usually found, and faults to skip."""

import image_writing
import numpy as np
import pytest
from camvid_drawing import (
    build,
    colored,
    draw_fastai,
    draw_kaggle,
    draw_official,
    fails,
    label_of,
    read,
)

from accel_tf import commands
from accel_tf.data.camvid_classes import CAMVID_32, CAMVID_32_TO_11
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.datasets.camvid_sequences import CamvidSequencesConfig

VOID = CAMVID_32.names.index("Void")


@pytest.mark.parametrize(
    ("draw", "config", "splits"),
    [
        (
            draw_kaggle,
            "kaggle_960x720",
            {"train", "validation", "test", "train_other_drives"},
        ),
        (
            draw_fastai,
            "fastai_960x720",
            {"train", "validation", "train_other_drives"},
        ),
    ],
)
def test_both_layouts_have_the_32_classes(draw, config, splits, tmp_path):
    draw(tmp_path / "data set" / "CamVid")
    builder = build(tmp_path / "data set", tmp_path / "built", config)
    assert set(builder.info.splits) == splits
    assert label_map_of(builder) == CAMVID_32
    (example,) = read(builder, "validation").values()
    assert example["frame_numbers"].tolist() == [7959, 7961, 7963]
    for place, number in enumerate((7959, 7961, 7963)):
        drawn = label_of(number) + 20
        np.testing.assert_array_equal(
            example["labels"][place, ..., 0],
            np.where(drawn == VOID, 255, drawn),
        )
        np.testing.assert_array_equal(
            example["frames"][place], image_writing.random_frame(number)
        )


def test_both_can_be_grouped_into_11_classes(tmp_path):
    config = CamvidSequencesConfig(name="own", layout="kaggle", classes=11)
    builder = build(draw_kaggle(tmp_path / "in"), tmp_path, config)
    example = read(builder, "train")["0006R0_000930"]
    expected = np.array(CAMVID_32_TO_11)[label_of(930) + 20]
    np.testing.assert_array_equal(example["labels"][0, ..., 0], expected)


def test_the_layout_that_is_there_is_named(tmp_path):
    kaggle = draw_kaggle(tmp_path / "kaggle")
    message = fails(FileNotFoundError, kaggle, tmp_path / "data")
    assert message.endswith(
        "This looks like the kaggle layout: build "
        "camvid_sequences/kaggle_960x720"
    )
    fastai = draw_fastai(tmp_path / "fastai")
    config = "official_960x720"
    message = fails(FileNotFoundError, fastai, tmp_path / "data", config)
    assert "build camvid_sequences/fastai_960x720" in message


def test_lists_of_other_classes_are_refused(tmp_path):
    root = draw_fastai(tmp_path / "fastai")
    (root / "codes.txt").write_text("Sky\nSheep\n")
    message = fails(ValueError, root, tmp_path / "data", "fastai_960x720")
    assert "codes.txt lists the class 'Sheep'; CamVid's are: Animal" in message


def test_stray_colours_and_broken_files_can_be_skipped(tmp_path, capsys):
    root = draw_official(tmp_path / "camvid")
    labels = root / "LabeledApproved_full"
    image = colored(label_of(0))
    image[4, 9:11] = 1, 2, 3
    image_writing.write_image(labels / "0006R0_f00930_L.png", image)
    image_writing.cut_off(labels / "0016E5_07961_L.png")
    image_writing.cut_off(root / "701_StillsRaw_full/0001TP_06690.png")
    (labels / "0001TP_06720_L.png").unlink()
    argv = ["build-data", "camvid_sequences/official_960x720"]
    argv += ["--manual-dir", str(root), "--data-dir", str(tmp_path / "data")]
    assert commands.main(argv) == 2
    assert commands.main([*argv, "--skip-faults"]) == 0
    printed = capsys.readouterr().out
    assert "  train: 2 examples" in printed and "skipped: 4" in printed
    assert "colour (1, 2, 3) at x=9, y=4" in printed
    assert "pixels ignored there: 2" in printed
    assert "0001TP_06720.png has no label image" in printed
    assert "0016E5_07961_L.png does not decode" in printed
    builder = build(root, tmp_path / "data", "official_960x720")
    expected = label_of(0)
    expected[4, 9:11] = 255
    examples = read(builder, "train")
    assert set(examples) == {"0016E5_00390", "0006R0_f00930"}
    np.testing.assert_array_equal(
        examples["0006R0_f00930"]["labels"][0, ..., 0], expected
    )
    example = read(builder, "validation")["0016E5_07961"]
    assert len(example["frames"]) == 1 and not len(example["labels"])
