import json
import os
import pathlib
import socket
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest
from recipe_scripts import RECIPES, load_script
from small_presets import made_once

import accel_tf
from accel_tf.data.label_maps import STREETS, LabelMap
from accel_tf.models import presets
from accel_tf.models.keras_files import load_keras_model, save_model
from accel_tf.training import recipe, summaries

pytestmark = pytest.mark.usefixtures("tiny_presets")


@pytest.fixture(scope="module")
def models(tiny_presets):
    """Untrained parts by name; no test changes them."""
    keras.utils.set_random_seed(3)
    return {
        "reference": accel_tf.from_preset(
            "deeplab_tiny", num_classes=len(STREETS), label_map=STREETS
        ),
        "update": accel_tf.from_preset(
            "deeplab_tiny_light", num_classes=len(STREETS), label_map=STREETS
        ),
        "flow": accel_tf.from_preset("dff_tiny").flow_network,
    }


@pytest.fixture(scope="module")
def parts(tmp_path_factory, models):
    """Their files, as other recipes would leave them."""
    folder = tmp_path_factory.mktemp("parts")
    paths = {}
    for name, model in models.items():
        paths[name] = str(folder / f"{name}.keras")
        save_model(model, paths[name])
    return paths


def weights(path):
    return keras.saving.load_model(path, compile=False).get_weights()


def stored(path):
    """The weights in a `.keras` file; no model is built for them."""
    arrays = []

    def read(_, node):
        if isinstance(node, h5py.Dataset):
            arrays.append(node[()])

    with zipfile.ZipFile(path) as archive:
        with archive.open("model.weights.h5") as file, h5py.File(file) as h5:
            h5.visititems(read)
    return arrays


def stored_label_map(path):
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))["config"]
    return LabelMap.from_config(config["label_map"])


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_deeplab_is_trained_resumed_and_shown(
    write_config, monkeypatch, untraced
):
    script = load_script("train_deeplab")
    path, out = write_config(model="deeplab_tiny_light", validation_epochs=2)
    short = ["--set", "steps=3"]
    script.main([path, *short])
    model = load_keras_model(out / "deeplab_tiny_light.keras")
    assert model.label_map == STREETS and model.name == "deeplab_tiny_light"
    assert model.trained_size == (64, 96)
    history = json.loads((out / "history.json").read_text())
    assert len(history) == 2
    assert all(np.isfinite(logs["loss"]) for logs in history)
    assert "validation_mean_iou" not in history[0]
    assert 0 <= history[1]["validation_mean_iou"] <= 1

    # The same, but killed in the second epoch and started again.
    class Killed(Exception):
        pass

    def die(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == 3:
            raise Killed

    # Validation changes no weight.
    again = ["--set", f"out={out}-again", "--set", "validation_split=none"]
    again += short
    with monkeypatch.context() as patch:
        patch.setattr(summaries.Summaries, "on_train_batch_end", die)
        with pytest.raises(Killed):
            script.main([path, *again])
    resumed = pathlib.Path(f"{out}-again")
    assert not (resumed / "deeplab_tiny_light.keras").exists()
    for stopped in (resumed / "last.keras", out / "best.keras"):
        assert stored_label_map(stopped) == STREETS
    script.main([path, *again])
    whole = stored(out / "deeplab_tiny_light.keras")
    assert len(whole) > 20
    assert equal(whole, stored(resumed / "deeplab_tiny_light.keras"))
    assert equal(whole, stored(resumed / "last.keras"))

    # Another run must not be mixed into this one.
    with pytest.raises(ValueError, match="learning_rate: 0.001, not 0.1"):
        script.main([path, *short, "--set", "learning_rate=0.1"])


def test_validation_without_labels_is_refused_at_once(
    write_config, monkeypatch
):
    path, out = write_config(model="deeplab_tiny")
    unlabelled = [{"labels": []}] * 2
    monkeypatch.setattr(recipe, "read_sequences", lambda *_: unlabelled)
    with pytest.raises(ValueError, match="'validation' that .* has a label"):
        load_script("train_deeplab").main([path])
    assert not out.exists()


# Logical devices can only be made before TensorFlow has started.
KILL_AND_RESUME = """
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
from recipe_scripts import load_script
from accel_tf.training import recipe, summaries

path, out = sys.argv[1:]
script = load_script("train_deeplab")
script.main([path])
see_batch = summaries.Summaries.on_train_batch_end

class Killed(Exception):
    pass

def die(self, batch, logs=None):
    if summaries.updates(self.model) == 3:
        raise Killed

summaries.Summaries.on_train_batch_end = die
again = [path, "--set", "out=" + out]
try:
    script.main(again)
except Killed:
    summaries.Summaries.on_train_batch_end = see_batch
    script.main(again)
"""


@pytest.mark.slow
def test_a_run_on_two_devices_is_resumed(write_config, tmp_path):
    path, out = write_config(model="deeplab_tiny_light", validation_split=None)
    resumed = tmp_path / "resumed"
    run = subprocess.run(
        [sys.executable, "-c", KILL_AND_RESUME, path, resumed],
        env={
            **os.environ,
            "PYTHONPATH": str(pathlib.Path(__file__).parents[1]),
            "KERAS_BACKEND": "tensorflow",
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    name = "deeplab_tiny_light.keras"
    assert equal(weights(out / name), weights(resumed / name))


@pytest.mark.parametrize(
    "objective",
    [
        # The test below does the same.
        pytest.param("supervised", marks=pytest.mark.slow),
        "photometric",
        pytest.param("stills", marks=pytest.mark.slow),
    ],
)
def test_flow_is_trained(write_config, objective, untraced):
    path, out = write_config(
        "FlowConfig", model="dff_tiny", objective=objective
    )
    settings = ["--set", "steps=1"]
    if objective == "stills":
        settings += ["--set", "augmentation.camera_motion=1"]
    load_script("train_flow").main([path, *settings])
    network = keras.saving.load_model(out / "dff_tiny.keras")
    assert type(network).__name__ == "FlowNetS"
    (logs,) = json.loads((out / "history.json").read_text())
    assert np.isfinite(logs["loss"])


def test_flow_starts_from_a_file(write_config, parts, untraced):
    path, out = write_config(
        "FlowConfig", model="dff_tiny", weights=parts["flow"]
    )
    settings = ["--set", "learning_rate=0", "--set", "steps=1"]
    load_script("train_flow").main([path, *settings])
    assert equal(stored(out / "dff_tiny.keras"), stored(parts["flow"]))
    (logs,) = json.loads((out / "history.json").read_text())
    assert np.isfinite(logs["loss"])


@pytest.mark.slow
def test_dff_learns_through_the_warp(write_config, parts):
    path, out = write_config(
        model="dff_tiny",
        reference=parts["reference"],
        flow=parts["flow"],
        length=2,
        spacing=(1, 2),
        trainable=("flow_network/*",),
        validation_epochs=2,
    )
    load_script("train_dff").main([path])
    model = load_keras_model(out / "dff_tiny.keras")
    before = weights(parts["flow"])
    assert not equal(model.flow_network.get_weights(), before)
    reference = load_keras_model(parts["reference"])
    assert equal(
        model.reference_backbone.get_weights(),
        reference.backbone.get_weights(),
    )


def test_accel_learns_its_fusion_only(write_config, models, parts, untraced):
    path, out = write_config(
        model="accel_tiny",
        **parts,
        length=2,
        trainable=("fusion/*",),
        fusion_start="paper",
        validation_split=None,
    )
    load_script("train_accel").main([path, "--set", "steps=1"])
    model = load_keras_model(out / "accel_tiny.keras")
    reference, update = models["reference"], models["update"]
    for trained, part in (
        (model.reference_backbone, reference.backbone),
        (model.reference_head, reference.head),
        (model.update_backbone, update.backbone),
        (model.update_head, update.head),
    ):
        assert equal(trained.get_weights(), part.get_weights())
    kernel = model.fusion.kernel.numpy()
    # Still near N(0, 0.01): nothing like the average of two branches.
    assert 0 < np.abs(kernel).max() < 0.06


@pytest.mark.slow
def test_accel_learns_all_if_told(write_config, parts):
    path, out = write_config(
        model="accel_tiny",
        **parts,
        length=2,
        trainable=("fusion/*",),
        validation_split=None,
    )
    settings = ["--set", "trainable=all", "--set", "steps=2"]
    settings += ["--set", "fusion_start=reference"]
    load_script("train_accel").main([path, *settings])
    model = load_keras_model(out / "accel_tiny.keras")
    kernel = model.fusion.kernel.numpy()[0, 0]
    # Two small steps from passing on what comes from the key frame.
    np.testing.assert_allclose(kernel, np.eye(*kernel.shape), atol=0.01)
    flow = weights(parts["flow"])
    assert not equal(model.flow_network.get_weights(), flow)


@pytest.fixture(scope="module")
def same_presets(tiny_presets):
    names = "deeplab_tiny", "accel_tiny"
    return {name: made_once(presets._PRESETS[name][1]) for name in names}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["model=deeplab_18x"], "no preset 'deeplab_18x'"),
        (["model=accel_tiny"], "accel_tiny is a Accel, which another script"),
        (["data=synthetic_streets/other"], "is not built in"),
        (["split=test"], "has no split 'test'"),
        (["batch_size=0"], "a batch of 0 does not divide"),
        (["backbone=nothing.keras"], "no weights file nothing.keras"),
        (["trainable=encoder/*"], "no variable is named 'encoder/\\*'"),
        (["augmentation.crop=480,640"], "a crop of 480x640 does not fit"),
        (["schedule=step"], "boundaries belong to the schedule 'step'"),
        (["validation_split=dev"], "has no split 'dev'"),
    ],
)
def test_wrong_settings_of_a_run(
    write_config, settings, message, same_presets, monkeypatch
):
    for name, construct in same_presets.items():
        monkeypatch.setitem(presets._PRESETS, name, ("", construct))
    path, out = write_config(model="deeplab_tiny")
    arguments = [part for text in settings for part in ("--set", text)]
    with pytest.raises((ValueError, OSError), match=message) as error:
        load_script("train_deeplab").main([path, *arguments])
    assert "\n" not in str(error.value)
    # Once it is put right, the same folder serves.
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("config = 3", "{} must define `config`, a SegmentationConfig"),
        ("config = dict(steps=", "{}: '(' was never closed (config.py, line "),
        ("config = Config()", "{}: name 'Config' is not defined"),
    ],
)
def test_a_mistake_ends_the_process_with_one_line(
    tmp_path, capsys, text, message
):
    config = tmp_path / "config.py"
    config.write_text(text)
    script = load_script("train_deeplab")
    with pytest.raises(SystemExit) as stop:
        script.run(lambda: script.main([str(config)]))
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(message.format(config))


@pytest.mark.slow
def test_two_workers_train_accel(write_config, parts, tmp_path):
    path, out = write_config(
        model="accel_tiny", **parts, length=2, trainable=("fusion/*",)
    )
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("localhost", 0))
            ports.append(probe.getsockname()[1])
    cluster = {"worker": [f"localhost:{port}" for port in ports]}
    workers = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        environment = {
            **os.environ,
            "TF_CONFIG": json.dumps({"cluster": cluster, "task": task}),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "KERAS_BACKEND": "tensorflow",
        }
        log = tmp_path / f"worker_{index}.log"
        with open(log, "w") as output:
            workers.append(
                subprocess.Popen(
                    [sys.executable, RECIPES / "train_accel.py", path],
                    env=environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            )
    try:
        codes = [worker.wait(timeout=300) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    logs = [(tmp_path / f"worker_{i}.log").read_text() for i in range(2)]
    assert codes == [0, 0], "\n".join(log[-2000:] for log in logs)
    model = load_keras_model(out / "accel_tiny.keras")
    assert np.isfinite(model.fusion.kernel.numpy()).all()
    history = json.loads((out / "history.json").read_text())
    assert len(history) == 2
    assert all(np.isfinite(logs["loss"]) for logs in history)
