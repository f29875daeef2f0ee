import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds
from clip_models import tiny_classifier
from recipe_scripts import load_script

from accel_tf.data.builders import builder_class
from accel_tf.data.motion import MOTION_CLASSES
from accel_tf.models import presets
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.keras_files import load_keras_model
from accel_tf.models.vov3d import VoV3DBackbone
from accel_tf.models.x3d import BackboneClassifier
from accel_tf.recipes.common.catalogue import configs_of
from accel_tf.recipes.common.command_line import load_config
from accel_tf.training import summaries
from accel_tf.training.classifier_recipe import validation_videos
from accel_tf.training.schedules import make_schedule

CONFIG = """
from accel_tf.data.training_clips import ClipAugmentation, ClipSampling
from accel_tf.training.configs import ClassifierConfig

config = ClassifierConfig(
    data="synthetic_motion/miniature",
    data_dir={data_dir!r},
    out={out!r},
    model="vov3d_tiny",
    augmentation=ClipAugmentation(crop=16, sides=(16, 18), flip=False),
    sampling=ClipSampling(3, step=1.0, rate=None),
    batch_size=2,
    steps=4,
    steps_per_epoch=2,
    learning_rate=0.01,
    precise_batches=1,
    validation_limit=2,
)
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("motion")
    builder_class("synthetic_motion")
    from accel_tf.datasets.synthetic_motion import SyntheticMotionConfig

    config = SyntheticMotionConfig(
        name="miniature",
        size=16,
        frames=4,
        train_clips=16,
        validation_clips=8,
    )
    tfds.builder(
        "synthetic_motion", config=config, data_dir=folder
    ).download_and_prepare()
    return folder


@pytest.fixture
def write_config(tmp_path, data_dir, monkeypatch):
    monkeypatch.setitem(presets._PRESETS, "vov3d_tiny", ("", smallest))
    path, out = tmp_path / "config.py", tmp_path / "out"
    path.write_text(CONFIG.format(data_dir=str(data_dir), out=str(out)))
    return str(path), out


def smallest(num_classes, **arguments):
    backbone = VoV3DBackbone((1, 1, 1, 1), 4, 1, name="backbone")
    return BackboneClassifier(backbone, num_classes, hidden=8, **arguments)


def weights(path):
    return load_keras_model(path, ClipClassifier).get_weights()


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def image_tags(folder):
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    events = EventAccumulator(str(folder))
    events.Reload()
    return events.Tags()["tensors"]


def test_a_classifier_is_trained_and_tested(
    write_config, data_dir, capsys, tmp_path, untraced
):
    script = load_script("train_classifier")
    path, out = write_config
    script.main([path, "--set", "steps=1"])
    trained = out / "vov3d_tiny.keras"
    told = capsys.readouterr().out.splitlines()[-2:]
    assert told == [
        f"Trained: {trained}",
        f"Use it: accel-tf classify VIDEO --model {trained}",
    ]
    model = load_keras_model(trained, ClipClassifier)
    assert model.class_names == MOTION_CLASSES
    assert (model.frames, model.crop_size, model.frame_step) == (3, 16, 1)
    history = json.loads((out / "history.json").read_text())
    for logs in history:
        assert {"loss", "top_1", "top_5", "validation_top_5"} <= set(logs)
        assert 0 <= logs["validation_top_1"] <= logs["validation_top_5"] <= 1
    assert (out / "best.keras").exists()
    tags = image_tags(out / "logs")
    assert {"confusion", "validation/top_1", "train/top_1"} <= set(tags)

    capsys.readouterr()
    report = tmp_path / "test.json"
    arguments = [str(trained), "--data", "synthetic_motion/miniature"]
    arguments += ["--data-dir", str(data_dir), "--json", str(report)]
    arguments += ["--views", "2x3", "--limit", "2"]
    load_script("test_classifier").main(
        [*arguments, "--logs", str(tmp_path / "test")]
    )
    told, line = capsys.readouterr().out.splitlines()[1:3]
    assert told == "Clips of 3x1."
    assert line.startswith("2 videos, 2x3 views: top-1 ")
    found = json.loads(report.read_text())
    assert found["videos"] == 2 and np.sum(found["confusion"]) == 2
    names = [row["name"] for row in found["classes"]]
    assert names == list(MOTION_CLASSES)
    assert image_tags(tmp_path / "test") == ["confusion"]


@pytest.mark.slow
def test_a_killed_run_ends_as_an_unbroken_one(write_config, monkeypatch):
    script = load_script("train_classifier")
    path, out = write_config
    script.main([path])

    class Killed(Exception):
        pass

    def die(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == 3:
            raise Killed

    # Validation changes no weight.
    again = ["--set", f"out={out}-again", "--set", "validation_split=none"]
    with monkeypatch.context() as patch:
        patch.setattr(summaries.Summaries, "on_train_batch_end", die)
        with pytest.raises(Killed):
            script.main([path, *again])
    script.main([path, *again])
    resumed = pathlib.Path(f"{out}-again") / "vov3d_tiny.keras"
    assert equal(weights(out / "vov3d_tiny.keras"), weights(resumed))


def test_single_frames_are_repeated(write_config):
    path, _ = write_config
    config = load_config(path)
    still = dataclasses.replace(config, single_frame=True)
    for (clip, *_), (repeated, *_) in zip(
        validation_videos(config)(), validation_videos(still)(), strict=True
    ):
        assert clip.shape == repeated.shape == (1, 3, 16, 16, 3)
        assert (repeated == clip[:, 1:2]).all()
        assert not (clip == clip[:, 1:2]).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["model=accel_tiny"], "model must be one of x3d_m, .*'accel_tiny'"),
        (["data=synthetic_motion/other"], "other is not built in"),
        (["split=test"], "has no split 'test'"),
        (["validation_split=dev"], "has no split 'dev'"),
        (["weights=nothing.pth"], "no weights file nothing.pth"),
        (["decayed=encoder/*"], "no variable is named 'encoder/\\*'"),
    ],
)
def test_wrong_settings_of_a_run(write_config, settings, message):
    path, out = write_config
    arguments = [part for text in settings for part in ("--set", text)]
    with pytest.raises((ValueError, OSError), match=message) as error:
        load_script("train_classifier").main([path, *arguments])
    assert "\n" not in str(error.value)
    assert not out.exists()


@pytest.fixture(scope="module")
def other_model(tmp_path_factory):
    """The file of a classifier of three classes."""
    path = tmp_path_factory.mktemp("other") / "m.keras"
    tiny_classifier().save(path)
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--views", "10x2"], "give CLIPSxCROPS with 1 or 3 crops"),
        (["--frames", "0x5"], "is no clip; give FRAMESxSTEP, such as 16x5"),
        (["--split", "test"], "has no split 'test'"),
        ([], "has 8 classes, and .*m.keras 3; test a model"),
    ],
)
def test_wrong_options_of_a_test(data_dir, other_model, arguments, message):
    data = ["--data", "synthetic_motion/miniature"]
    data += ["--data-dir", str(data_dir)]
    with pytest.raises(ValueError, match=message):
        load_script("test_classifier").main([other_model, *data, *arguments])


def test_configs_have_the_published_schedules():
    names = [config.name for config in configs_of("train_classifier")]
    assert len(names) == 14
    configs = {name: load_config(name) for name in names}
    for name, config in configs.items():
        if name.startswith(("kinetics", "something")):
            assert config.nesterov and config.decay == 5e-5
            assert config.decayed == ("published",)
            assert config.augmentation.sides == (256, 320)
            assert config.precise_batches == 200
            assert config.augmentation.flip == name.startswith("kinetics")
    for name, rates in {
        "kinetics400_vov3d_m": {0: 0.01, 1: 0.01244, 35: 0.09546, 50: 0.09088},
        "kinetics400_x3d_l": {0: 0.01, 35: 0.04773, 256: 0.0},
        "something_v1_vov3d_16": {0: 0.01, 1: 0.09998, 50: 0.05},
        "something_v2_from_kinetics": {0: 1e-4, 1: 0.05, 36: 5e-3, 46: 5e-4},
    }.items():
        config = configs[name]
        schedule = make_schedule(
            config.schedule,
            config.learning_rate,
            config.steps,
            warmup_learning_rate=config.warmup_learning_rate,
            warmup_steps=config.warmup_steps,
            warmup=config.warmup,
            boundaries=config.boundaries,
        )
        for epoch, rate in rates.items():
            step = epoch * config.steps_per_epoch
            assert float(schedule(step)) == pytest.approx(rate, abs=6e-6)


# Logical devices can only be made before TensorFlow has started.
ON_TWO_DEVICES = """
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
from clip_models import tiny_classifier
from recipe_scripts import load_script
from accel_tf.models import presets
presets._PRESETS["vov3d_tiny"] = ("", tiny_classifier)
script = load_script("train_classifier")
script.main([sys.argv[1], "--set", "steps=2"])
script.main([sys.argv[1]])
"""


@pytest.mark.slow
def test_two_devices_train_one_classifier(write_config):
    path, out = write_config
    run = subprocess.run(
        [sys.executable, "-c", ON_TWO_DEVICES, path],
        env={
            **os.environ,
            "PYTHONPATH": str(pathlib.Path(__file__).parents[1]),
            "KERAS_BACKEND": "tensorflow",
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "goes on to 4 steps instead of 2" in run.stdout
    history = json.loads((out / "history.json").read_text())
    assert len(history) == 2
    assert all(np.isfinite(logs["loss"]) for logs in history)
    assert all(np.isfinite(x).all() for x in weights(out / "best.keras"))
