import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from recipe_scripts import load_script
from small_models import small_dilated_resnet
from small_presets import made_once
from torch_checkpoints import write_checkpoint

import accel_tf
from accel_tf.data.label_maps import STREETS
from accel_tf.models import presets
from accel_tf.models.keras_files import load_keras_model, save_model
from accel_tf.models.pspnet import PSPNet
from accel_tf.models.pspnet.pspnet_training import PSPNetTraining
from accel_tf.models.tdnet import TDNet
from accel_tf.models.tdnet.tdnet_training import TDNetTraining
from accel_tf.training.configs import TDNetConfig


def _pspnet(num_classes, **kwargs):
    backbone = small_dilated_resnet()
    return PSPNet(backbone, num_classes, head_filters=8, **kwargs)


def _tdnet(num_classes, **kwargs):
    backbones = [small_dilated_resnet(f"backbone_{n}") for n in (1, 2)]
    return TDNet(
        backbones,
        num_classes,
        key_filters=4,
        value_filters=16,
        head_filters=8,
        norm_size=(4, 6),
        stride=2,
        **kwargs,
    )


SMALL = {"psp_small": ("", _pspnet), "td2_small": ("", _tdnet)}


@pytest.fixture(scope="module", autouse=True)
def small_presets():
    with pytest.MonkeyPatch.context() as patch:
        for name, preset in SMALL.items():
            patch.setitem(presets._PRESETS, name, preset)
        yield


@pytest.fixture(scope="module")
def pspnet(tmp_path_factory, small_presets):
    """A PSPNet's file, as `train_pspnet.py` would leave it."""
    keras.utils.set_random_seed(3)
    model = accel_tf.from_preset(
        "psp_small", num_classes=len(STREETS), label_map=STREETS
    )
    path = tmp_path_factory.mktemp("pspnet") / "psp_small.keras"
    save_model(model, path)
    return str(path)


@pytest.fixture(scope="module")
def same_presets():
    return {
        name: (title, made_once(construct))
        for name, (title, construct) in SMALL.items()
    }


def small_config(out, pspnet_weights):
    return TDNetConfig(
        data="synthetic_streets",
        out=str(out),
        batch_size=1,
        steps=1,
        learning_rate=0.1,
        model="td2_small",
        length=2,
        pspnet="psp_small",
        pspnet_weights=pspnet_weights,
    )


@pytest.mark.slow
def test_pspnet_is_trained(write_config):
    path, out = write_config(model="psp_small", loss="ohem")
    load_script("train_pspnet").main([path])
    model = load_keras_model(out / "psp_small.keras", PSPNet)
    assert model.label_map == STREETS
    _, logs = json.loads((out / "history.json").read_text())
    total = logs["full_loss"] + 0.4 * logs["aux_loss"]
    assert logs["loss"] == pytest.approx(total, rel=1e-4)
    assert 0 <= logs["validation_mean_iou"] <= 1


def test_every_path_starts_with_a_pspnet(tmp_path, pspnet):
    config = small_config(tmp_path, pspnet)
    model = load_script("train_tdnet").build_model(config, STREETS).segmenter
    start = load_keras_model(pspnet)
    for path in model.paths:
        for part in ("backbone", "pyramid"):
            weights = zip(
                getattr(path, part).get_weights(),
                getattr(start, part).get_weights(),
                strict=True,
            )
            for one, other in weights:
                np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_tdnet_learns_from_a_teacher_in_turns(
    write_config, pspnet, monkeypatch
):
    path, out = write_config(
        "TDNetConfig",
        model="td2_small",
        teacher="psp_small",
        teacher_weights=pspnet,
        length=2,
        loss="ohem",
        validation_interval=2,
        validation_epochs=2,
    )
    firsts, give = [], TDNetTraining.training_data

    def watch(self, dataset, first):
        firsts.append(first)
        return give(self, dataset, first)

    monkeypatch.setattr(TDNetTraining, "training_data", watch)
    load_script("train_tdnet").main([path])
    # Whose turn it is depends on the update, also in a run that goes on.
    assert firsts[-2:] == [1, 3]
    model = load_keras_model(out / "td2_small.keras", TDNet)
    assert model.label_map == STREETS
    _, logs = json.loads((out / "history.json").read_text())
    assert logs["distillation_loss"] > 0
    total = logs["full_loss"] + logs["distillation_loss"]
    total += 0.5 * logs["sub_loss"] + 0.1 * logs["aux_loss"]
    assert logs["loss"] == pytest.approx(total, rel=1e-4)
    assert 0 <= logs["validation_mean_iou"] <= 1


def test_auxiliary_heads_start_with_that_of_an_official_file(tmp_path):
    keras.utils.set_random_seed(0)
    classes = len(STREETS)
    trained = PSPNetTraining(_pspnet(classes, name="psp_small"))
    rng = np.random.default_rng(0)
    tensors = {
        f"module.{entry.names[0]}": rng.uniform(0.5, 1.5, entry.shape).astype(
            "float32"
        )
        for entry in trained.checkpoint_entries()
    }
    path = write_checkpoint(tmp_path / "psp_small.pkl", tensors)
    config = small_config(tmp_path, str(path))
    model = load_script("train_tdnet").build_model(config, STREETS)
    for head in model.auxiliary_heads:
        np.testing.assert_array_equal(
            head.get_layer("score").bias.numpy(),
            tensors["module.auxlayer.conv5.4.bias"],
        )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["length=1"], "length must be 2, one frame for each path"),
        (["teacher=psp_small"], "teacher needs teacher_weights, a file"),
        (["pspnet=psp_smal"], "pspnet needs pspnet_weights"),
        (["model=psp_small"], "psp_small is a PSPNet, which another script"),
        (
            ["pspnet=td2_small", "pspnet_weights={pspnet}"],
            "holds psp_small, not td2_small",
        ),
        (
            ["teacher=psp_small", "teacher_weights=nothing.pkl"],
            "no weights file nothing.pkl",
        ),
    ],
)
def test_wrong_settings(
    write_config, pspnet, settings, message, same_presets, monkeypatch
):
    for name, preset in same_presets.items():
        monkeypatch.setitem(presets._PRESETS, name, preset)
    path, out = write_config("TDNetConfig", model="td2_small", length=2)
    arguments = [
        part
        for text in settings
        for part in ("--set", text.format(pspnet=pspnet))
    ]
    with pytest.raises((ValueError, OSError), match=message) as error:
        load_script("train_tdnet").main([path, *arguments])
    assert "\n" not in str(error.value)
    assert not out.exists()


# Logical devices can only be made before TensorFlow has started.
TWO_DEVICES = """
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
from recipe_scripts import load_script
import test_tdnet_scripts
from accel_tf.models import presets

presets._PRESETS.update(test_tdnet_scripts.SMALL)
load_script("train_tdnet").main(sys.argv[1:])
"""


@pytest.mark.slow
def test_tdnet_is_trained_on_two_devices(write_config, pspnet):
    path, out = write_config(
        "TDNetConfig",
        model="td2_small",
        teacher="psp_small",
        teacher_weights=pspnet,
        length=2,
        validation_split=None,
    )
    here = pathlib.Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES, path],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)]),
            "KERAS_BACKEND": "tensorflow",
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    load_keras_model(out / "td2_small.keras", TDNet)
    for logs in json.loads((out / "history.json").read_text()):
        assert np.isfinite(logs["loss"])
