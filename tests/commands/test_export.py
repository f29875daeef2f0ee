"""`accel-tf export`, and the folders it writes."""

import json
import os
import pathlib
import threading

import keras
import pytest
import tensorflow as tf
from exported_models import (
    Session,
    SumsFrames,
    moving_frames,
    only_signatures,
    png,
)
from small_presets import small_presets

import accel_tf
from accel_tf import commands
from accel_tf.data.label_maps import STREETS
from accel_tf.serving import prediction_log
from accel_tf.serving.export import (
    export_preset,
    export_saved_model,
    saved_model,
)

CLASSES = len(STREETS)


@pytest.fixture(scope="module", autouse=True)
def tiny_presets():
    with small_presets():
        yield


@pytest.fixture(scope="module")
def weights(tmp_path_factory, tiny_presets):
    keras.utils.set_random_seed(0)
    model = accel_tf.from_preset("dff_tiny", CLASSES, label_map=STREETS)
    path = tmp_path_factory.mktemp("weights") / "model.keras"
    model.save(path)
    return str(path)


def export(folder, *options):
    return commands.main(
        ["export", "--model", "dff_tiny", *options, str(folder)]
    )


def test_export(weights, tmp_path, capsys):
    folder = tmp_path / "exports" / "streets"
    options = ["--weights", weights, "--interval", "2"]
    options += ["--memory-limit", "64M", "--warm-up-size", "32x48"]
    options += ["--max-pixels", "10000000"]
    with only_signatures("serving_default"):
        assert export(folder, *options) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        f"dff_tiny from {weights}.",
        f"{folder / '1'}: version 1 of dff_tiny.",
    ]
    assert "Assets written" not in printed.err
    said = json.loads((folder / "1" / "assets" / "accel_tf.json").read_text())
    assert said["preset"] == "dff_tiny"
    assert said["class_names"] == list(STREETS.names)
    assert (said["interval"], said["memory_limit"]) == (2, 64 * 1024**2)
    assert said["max_pixels"] == 10_000_000 > 4096 * 2160
    images = [png(frame) for frame in moving_frames(3, 32, 48)]
    answer = Session(folder / "1")("serving_default", image_bytes=images)
    assert answer["is_key"].tolist() == [True, False, True]


def test_random_weights_are_said_to_be_random(tmp_path, monkeypatch, capsys):
    def quick(model, directory, interval, version):
        return pathlib.Path(directory, str(version))

    monkeypatch.setattr(export_preset, "export_saved_model", quick)
    options = "--version", "3", "--weights", "random"
    assert export(tmp_path, *options) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert "random weights" in first and last.startswith(str(tmp_path / "3"))


def test_bad_input_ends_in_one_line(weights, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "7").mkdir()

    def fails_with(expected, folder, *options):
        assert export(folder, "--warm-up-size", "32x48", *options) == 2
        error = capsys.readouterr().err.splitlines()
        (line,) = (line for line in error if line.startswith("accel-tf:"))
        assert expected in line, line
        assert sorted(path.name for path in tmp_path.iterdir()) == ["7", "file"]

    fails_with("interval must be", tmp_path, "--interval", "0")
    per_frame = "--model", "deeplab_tiny", "--weights", "random"
    dis = *per_frame, "--propagate", "dis"
    fails_with("runs outside the graph", tmp_path, *dis)
    fails_with("version must be", tmp_path, "--version", "0")
    fails_with(
        "holds a version 7 already; the next is 8", tmp_path, "--version", "7"
    )
    untrained = "--weights", "random"
    fails_with("takes 5248 bytes", tmp_path, "--memory-limit", "5K", *untrained)
    fails_with("more than max_pixels", tmp_path, "--warm-up-size", "4096x4096")
    fails_with("no weights file", tmp_path, "--weights", "none.keras")
    fails_with("did you mean 'dff_tiny'", tmp_path, "--model", "dfftiny")
    for folder in ("file", "file/exports"):
        # Known before the weights are read.
        options = "--weights", "none.keras"
        fails_with(f"{tmp_path}/file is no folder", tmp_path / folder, *options)
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    fails_with(f"{tmp_path} is not writable", tmp_path / "new" / "exports")


@pytest.mark.parametrize("value", ["", "0", "-1", "1.5G", "2T", "1 G"])
def test_a_number_of_bytes(value, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        export(tmp_path, f"--memory-limit={value}")
    assert stop.value.code == 2
    assert "is no number of bytes" in capsys.readouterr().err


@pytest.fixture
def quick():
    """Exports have one signature: versions do not depend on them."""
    with only_signatures("stats"):
        yield


def sums(folder, **options):
    return export_saved_model(
        SumsFrames(), folder, **{"warm_up_size": (8, 8)} | options
    )


def test_versions_follow_each_other(tmp_path, quick):
    for name in ("text.txt", "1x", ".partial-12", "-4", str(2**70)):
        (tmp_path / name).mkdir()
    assert sums(tmp_path).name == "1"
    (tmp_path / "0041").mkdir()
    assert sums(tmp_path).name == "42"
    assert sums(tmp_path, version=5).name == "5"
    assert sums(tmp_path).name == "43"
    for version in (5, 41):
        with pytest.raises(ValueError, match=f"holds a version {version} al"):
            sums(tmp_path, version=version)


def test_a_version_appears_whole(tmp_path, monkeypatch, quick):
    """Whoever looks meanwhile sees no number; two exports do not clash."""
    seen = []
    write = saved_model.write_warm_up

    def slow_write(folder, *arguments):
        seen.append({path.name for path in tmp_path.iterdir()})
        both.wait()
        write(folder, *arguments)

    monkeypatch.setattr(saved_model, "write_warm_up", slow_write)
    both = threading.Barrier(2, timeout=60)
    threads = [threading.Thread(target=sums, args=(tmp_path,)) for _ in "12"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 2
    assert not any(name.isdecimal() for names in seen for name in names)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]
    for path in tmp_path.iterdir():
        assert tf.saved_model.contains_saved_model(str(path))
        assert (path / prediction_log.PATH).is_file()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_export_that_fails_leaves_nothing(
    error, tmp_path, monkeypatch, quick
):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(saved_model, "write_warm_up", fail)
    with pytest.raises(error):
        sums(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_an_os_error(tmp_path, monkeypatch, quick):
    def fail(*arguments, **options):
        raise tf.errors.ResourceExhaustedError(None, None, "disk full")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        sums(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("interval must be", {"interval": 0}),
        ("version must be", {"version": 2**63}),
        ("version must be", {"version": "7"}),
        ("memory_limit must be", {"memory_limit": 1.5}),
        ("memory_limit must not be less", {"memory_limit": 511}),
        ("max_pixels must be", {"max_pixels": -1}),
        ("warm_up_size must be \\(height", {"warm_up_size": 512}),
        ("warm_up_size must be a whole", {"warm_up_size": (0, 8)}),
    ],
)
def test_bad_arguments(message, options, tmp_path):
    with pytest.raises(ValueError, match=message):
        sums(tmp_path / "new", **options)
    assert not list(tmp_path.iterdir())


def test_only_segmenters_can_be_exported(tmp_path):
    with pytest.raises(ValueError, match="not a Sequential"):
        export_saved_model(keras.Sequential(), tmp_path)
