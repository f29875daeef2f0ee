"""`accel-tf train` on a handful of pictures."""

import json
import pathlib
import shutil

import cv2
import keras
import numpy as np
import pytest

from accel_tf.commands import main
from accel_tf.data.builders import prepared_builder
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.models.keras_files import save_model
from accel_tf.training import own_data_plan, stages
from accel_tf.training.own_data_plan import (
    CARRIED,
    OF_ALL,
    OF_FUSION,
    Plan,
    stage_configs,
)
from accel_tf.training.own_data_set import (
    Counts,
    OwnData,
    build_own_data,
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Six pictures; labels 0, 1 and 9, which is no class."""
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(0)
    for part in ("images", "masks"):
        (folder / part).mkdir()
    for name in "abcdef":
        label = np.zeros((32, 48), np.uint8)
        label[:, rng.integers(12, 36) :] = 1
        label[:2] = 9
        image = rng.integers(0, 60, (32, 48, 3), dtype=np.uint8)
        image[label == 1] += 150
        cv2.imwrite(str(folder / "images" / f"{name}.png"), image)
        cv2.imwrite(str(folder / "masks" / f"{name}.png"), label)
    (folder / "classes.txt").write_text("wall\nfloor\n")
    return folder


@pytest.fixture
def untrained(monkeypatch):
    """Stands in for training: the start is what is trained."""

    def train(config, build_model, lines):
        builder = prepared_builder(config.data, config.data_dir)
        model = build_model(config, label_map_of(builder))
        out = pathlib.Path(config.out)
        out.mkdir(exist_ok=True)
        (out / "config.json").write_text("{}")
        logs = [{"validation_mean_iou": 0.25}, {}]
        (out / "history.json").write_text(json.dumps(logs))
        save_model(model, out / f"{config.model}.keras")

    monkeypatch.setattr(stages, "train_segmenter", train)


def test_one_command_from_files_to_a_model(
    pictures, tmp_path, capsys, untrained
):
    out = tmp_path / "out"
    command = ["train", str(pictures), "--out", str(out)]
    command += ["--model", "deeplab_tiny_light"]
    # With the labels as they are nothing is built, and nothing stays in the
    # way.
    assert main(command) == 2
    error = capsys.readouterr().err
    assert f"{pictures}/masks/" in error and "--ignore VALUES" in error
    command += ["--ignore", "9"]
    assert main(command) == 0
    text = capsys.readouterr().out
    assert "5 labelled frames to train on (5 single pictures), 1 to val" in text
    # Cityscapes has walls too.
    assert "weights of the package: known are wall; the other cl" in text
    assert "reference mean IoU 25.0%\n" in text
    path = out / "deeplab_tiny_light.keras"
    assert f"accel-tf segment VIDEO.mp4 --model {path} --output" in text
    model = keras.saving.load_model(path)
    assert model.label_map.names == ("wall", "floor")
    assert cv2.imread(str(out / "overlay.png")).shape[1] >= 3 * 48

    assert main([*command, "--ignore", "1"]) == 2
    assert "holds a model for other data (ignore" in capsys.readouterr().err
    assert main([*command, "--quiet"]) == 0
    assert capsys.readouterr().out.startswith(f"Written: {path}\n")


@pytest.mark.slow
def test_all_stages(pictures, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["train", str(pictures), "--out", str(out), "--ignore", "9"]
    command += ["--batch-size", "2", "--set", "flow.steps=0"]
    assert main([*command, "--steps", "8"]) == 0
    text = capsys.readouterr().out
    for line in ("reference     8/8", "flow      kept as it is", "fusion "):
        assert line in text
    path = out / "accel_tiny.keras"
    model = keras.saving.load_model(path)
    assert model.name == "accel_tiny" and model.trained_size == (32, 48)
    assert f"--model {path} --interval 5" in text
    for stage in ("reference", "update"):
        assert (out / stage / "best.keras").exists()
        assert (out / stage / "last.keras").exists()

    assert main([*command, "--steps", "8"]) == 0
    assert "fusion    finished before" in capsys.readouterr().out
    assert main([*command, "--steps", "12"]) == 0
    text = capsys.readouterr().out
    assert "reference    12/12" in text and "fusion    starts anew" in text

    # Another kind of reference, which is carried as it is.
    other = tmp_path / "other"
    command[3] = str(other)
    reference = str(out / "update" / "best.keras")
    command += ["--reference", reference, "--set", "reference.steps=0"]
    assert main([*command, "--steps", "8"]) == 0
    model = keras.saving.load_model(other / "propagated.keras")
    assert model.num_classes == 2


def test_folders_to_validate_on(pictures, tmp_path):
    own = {"data": str(pictures), "ignore": ("9",)}
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="must be outside of"):
        build_own_data(OwnData(**own), pictures / "out")
    with pytest.raises(FileNotFoundError, match="no such folder or video"):
        build_own_data(OwnData(data="nowhere"), out)
    with pytest.raises(ValueError, match="--labels is for the label images"):
        build_own_data(OwnData(**own, labels="x"), out)
    builder, counts = build_own_data(
        OwnData(**own, validation=str(pictures)), out
    )
    assert counts == Counts(6, 6, 0, 6, 0)
    assert builder.info.splits["validation"].num_examples == 6

    lacking = tmp_path / "lacking"
    shutil.copytree(pictures / "images", lacking / "images")
    with pytest.raises(FileNotFoundError, match="no list of classes in"):
        build_own_data(OwnData(data=str(lacking)), out / "2")
    (lacking / "classes.txt").write_text("a\nb\n")
    with pytest.raises(ValueError, match="no frame in .* has a label image"):
        build_own_data(OwnData(data=str(lacking)), out / "2")


def plan_of(monkeypatch, tmp_path, counts, size=(360, 480), **plan):
    monkeypatch.setattr(own_data_plan, "frame_size", lambda *_: size)
    names = ("reference", "flow", "update", "fusion")
    return stage_configs(Plan(**plan), names, None, counts, tmp_path)


def test_plans_follow_the_data(monkeypatch, tmp_path):
    stills = Counts(100, 9, 0, 100, 0)
    plan = plan_of(monkeypatch, tmp_path, stills)
    assert [each.steps for each in plan.values()] == [500, 187, 250, 125]
    assert plan["flow"].objective == "stills"
    assert plan["fusion"].augmentation.camera_motion > 0
    assert plan["fusion"].validation_split is None
    assert plan["reference"].augmentation.crop == (240, 320)

    clips = Counts(3, 2, 3, 0, 2)
    plan = plan_of(monkeypatch, tmp_path, clips, size=(100, 90))
    assert plan["reference"].steps == 200
    assert plan["flow"].objective == "photometric"
    assert plan["flow"].augmentation.camera_motion == 0
    assert plan["fusion"].validation_split == "validation"
    assert plan["update"].augmentation.crop == (96, 80)


@pytest.mark.parametrize(
    "last, update, trainable, steps",
    [
        (OF_FUSION, True, 3, 10),
        (OF_FUSION, False, 1, 10),
        (OF_ALL, False, 1, 10),
        (CARRIED, True, 1, 10),
        (CARRIED, False, 1, 0),
    ],
)
def test_what_learns_in_the_last_stage(
    monkeypatch, tmp_path, last, update, trainable, steps
):
    monkeypatch.setattr(own_data_plan, "frame_size", lambda *_: (240, 320))
    names = ("reference", "flow", *(("update",) if update else ()), "fusion")
    plan = Plan(model="m", steps=40)
    counts = Counts(3, 2, 3, 0, 2)
    config = stage_configs(plan, names, None, counts, tmp_path, last)["fusion"]
    assert len(config.trainable) == trainable and config.steps == steps
    assert (config.trainable == ("all",)) == (last == OF_ALL)
    assert config.model == ("propagated" if last == CARRIED else "m")


def test_settings_of_stages(monkeypatch, tmp_path):
    counts = Counts(3, 2, 3, 0, 2)
    plan = plan_of(
        monkeypatch,
        tmp_path,
        counts,
        steps=40,
        reference="other.keras",
        settings=("update.loss=cross_entropy+dice", "flow.steps=0"),
    )
    assert plan["reference"].reference == "other.keras"
    assert plan["fusion"].reference is None
    assert plan["update"].loss == "cross_entropy+dice"
    assert plan["flow"].steps == 0 and plan["fusion"].steps == 10
    for setting in ("fusions.steps=3", "steps=3"):
        with pytest.raises(ValueError, match="with a stage of reference, flow"):
            plan_of(monkeypatch, tmp_path, counts, settings=(setting,))
    with pytest.raises(ValueError, match="crop of 400x20 does not fit"):
        plan_of(monkeypatch, tmp_path, counts, crop=(400, 20))
