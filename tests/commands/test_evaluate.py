"""`accel-tf evaluate` and `recipes/evaluate.py`, as a user types them."""

import json
import re

import keras
import pytest
import tensorflow_datasets as tfds
from recipe_scripts import load_script
from small_models import lively, small_deeplab
from small_presets import small_presets

import accel_tf
from accel_tf import commands
from accel_tf.data.label_maps import STREETS, LabelMap
from accel_tf.data.sequences import read_sequences
from accel_tf.datasets import synthetic_streets
from accel_tf.evaluation import evaluate

CLASSES = len(STREETS)


@pytest.fixture(scope="module", autouse=True)
def tiny_presets():
    with small_presets():
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory, tiny_presets):
    """A folder with a data set, and models of it."""
    folder = tmp_path_factory.mktemp("data")
    for name, with_flow, count in (
        ("miniature", True, 2),
        ("no_flow", False, 1),
    ):
        config = synthetic_streets.SyntheticStreetsConfig(
            name=name,
            height=64,
            width=96,
            train_sequences=1,
            train_length=2,
            validation_sequences=count,
            validation_length=4,
            with_flow=with_flow,
        )
        tfds.builder(
            "synthetic_streets", config=config, data_dir=folder
        ).download_and_prepare()
    accel = accel_tf.from_preset("accel_tiny", CLASSES, label_map=STREETS)
    lively(accel).save(folder / "accel.keras")
    small_deeplab(CLASSES, label_map=STREETS, name="deeplab_18").save(
        folder / "deeplab.keras"
    )
    return folder


def arguments(data, *more, weights="accel.keras", name="miniature"):
    return [
        "evaluate",
        "--model",
        "accel_tiny",
        "--weights",
        str(data / weights),
        "--data",
        f"synthetic_streets/{name}",
        "--data-dir",
        str(data),
        *more,
    ]


def sequences_of(data):
    builder = tfds.builder_from_directory(
        data / "synthetic_streets" / "miniature" / "1.0.0"
    )
    return read_sequences(builder, "validation")


def test_evaluate_prints_tables_and_writes_files(
    data, tmp_path, capsys, untraced
):
    more = ["--mode", "stream", "--intervals", "3,1", "--temporal"]
    more += ["--rounds", "1", "--json", str(tmp_path / "report.json")]
    more += ["--plots", str(tmp_path / "plots"), "--name", "small Accel"]
    more += ["--exact-graph"]
    assert commands.main(arguments(data, *more)) == 0
    printed = capsys.readouterr()
    assert "| small Accel | 1  " in printed.out
    assert "| small Accel | 3  " in printed.out
    assert "small Accel @ 3" in printed.out and "| sidewalk " in printed.out
    assert "100%" in printed.err  # the progress bar
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == [
        "accuracy_against_time.png",
        "iou_against_distance.png",
        "report.json",
    ]

    rows = json.loads((tmp_path / "report.json").read_text())
    assert [row["interval"] for row in rows] == [1, 3]
    model = keras.saving.load_model(data / "accel.keras", compile=False)
    scores = evaluate(model, sequences_of(data), 3, "stream")
    assert rows[1]["mean_iou"] == scores.mean_iou
    for row in rows:
        assert row["mode"] == "stream"
        assert set(row["iou_per_class"]) == set(STREETS.names)
        assert row["frames"] == 2 * 4 and row["frames_skipped"] == 0
        assert 0 < row["temporal_agreement"] <= 1
        assert 0 <= row["flicker"] < 1
        assert row["milliseconds_per_frame"] > 0
        assert row["multiply_adds_per_frame"] > 0
        assert (row["height"], row["width"]) == (64, 96)
        assert row["data"] == "synthetic_streets/miniature/1.0.0"
        assert (row["split"], row["sequences"]) == ("validation", 2)
    assert list(rows[1]["mean_iou_by_distance"]) == ["0", "1", "2"]


def test_the_fused_form_scores_the_same_with_fewer_operations(
    data, tmp_path, untraced
):
    rows = {}
    for name, options in (("exact", ["--exact-graph"]), ("fused", [])):
        more = ["--rounds", "0", "--intervals", "3", "--limit", "1", *options]
        report = tmp_path / f"{name}.json"
        assert commands.main(arguments(data, *more, "--json", str(report))) == 0
        (rows[name],) = json.loads(report.read_text())
    scores = [row["mean_iou"] for row in rows.values()]
    assert scores[1] == pytest.approx(scores[0], abs=1e-3)
    costs = [row["multiply_adds_per_frame"] for row in rows.values()]
    assert costs[1] < costs[0]


def test_evaluate_limits_the_sequences(data, tmp_path, untraced):
    more = ["--mode", "worst", "--intervals", "3", "--limit", "1"]
    more += ["--rounds", "0", "--json", str(tmp_path / "report.json")]
    more += ["--plots", str(tmp_path / "plots")]
    assert commands.main(arguments(data, *more)) == 0
    (row,) = json.loads((tmp_path / "report.json").read_text())
    # Frames 2 and 3 of four have two frames before them.
    assert (row["frames"], row["frames_skipped"]) == (2, 2)
    assert row["milliseconds_per_frame"] is None
    assert [path.name for path in (tmp_path / "plots").iterdir()] == [
        "iou_against_distance.png"
    ]


def test_weights_without_names_take_those_of_the_data(
    data, tmp_path, capsys, untraced
):
    weights = tmp_path / "model.weights.h5"
    accel_tf.from_preset("accel_tiny", CLASSES).save_weights(weights)
    more = ["--rounds", "0", "--intervals", "2", "--mode", "average"]
    more += ["--limit", "1"]
    assert commands.main(arguments(data, *more, weights=weights)) == 0
    assert "| vegetation | " in capsys.readouterr().out


def test_random_weights_are_called_random(data, capsys, untraced):
    argv = arguments(data, "--rounds", "0", "--intervals", "1", "--limit", "1")
    argv[argv.index("--weights") + 1] = "random"
    assert commands.main(argv) == 0
    assert "accel_tiny has random weights" in capsys.readouterr().out


def failure(argv, capsys):
    """The one line in which a run says what was wrong."""
    try:
        status = commands.main(argv)
    except SystemExit as stopped:  # argparse
        status = stopped.code
    assert status == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--split", "test"], "has no split 'test'; its splits are: train, v"),
        (["--data", "nothing"], "no data set 'nothing'"),
        (["--data", "synthetic_streets"], "is not built in"),
        (["--intervals", "2,0"], "'2,0' are no intervals"),
        (["--intervals", "two"], "'two' are no intervals"),
        (["--mode", "best"], "invalid choice: 'best'"),
        (["--temporal"], "use the mode 'stream', not 'average'"),
        (["--limit", "0"], "limit must be 1 or more"),
        (["--rounds", "-1"], "rounds must be 0 or more"),
        (["--model", "accel_19"], "no preset 'accel_19'"),
        (["--weights", "absent"], "no weights file absent"),
        (["--model", "labels:absent"], "no folder of PNG label images"),
        (["--mode", "worst", "--intervals", "9"], "too few frames before"),
    ],
)
def test_bad_input_ends_in_one_line(data, more, words, tmp_path, capsys):
    json_path = tmp_path / "report.json"
    argv = arguments(data, "--rounds", "0", "--json", str(json_path), *more)
    if more[0] == "--weights":
        del argv[3:5]
    assert words in failure(argv, capsys)
    assert not json_path.exists()


def test_bad_targets_are_found_before_the_work(data, tmp_path, capsys):
    argv = arguments(data, "--json", str(tmp_path / "absent" / "a.json"))
    assert failure(argv, capsys).startswith("accel-tf: no such folder")
    (tmp_path / "file").write_text("")
    argv = arguments(data, "--plots", str(tmp_path / "file"))
    assert failure(argv, capsys).endswith("file is not a folder.")


def test_classes_of_model_and_data_must_agree(data, tmp_path, capsys):
    names = ("road", "car", *STREETS.names[2:-1], "sidewalk")
    for label_map, count, words in (
        (None, CLASSES + 1, f"has {CLASSES + 1} classes, the data has"),
        (LabelMap(names, STREETS.colors), CLASSES, "class 1 is 'car' to"),
    ):
        model = small_deeplab(count, label_map=label_map, name="accel_tiny")
        model.save(tmp_path / "other.keras")
        argv = arguments(data, weights=tmp_path / "other.keras")
        assert words in failure(argv, capsys)


# === The recipe ===


@pytest.fixture(scope="module")
def recipe():
    return load_script("evaluate")


def options(data, *more):
    return [
        *("--data", "synthetic_streets/no_flow", "--data-dir", str(data)),
        *more,
    ]


def test_recipe_puts_systems_side_by_side(
    recipe, data, tmp_path, capsys, untraced
):
    systems = [f"Accel=accel_tiny:{data / 'accel.keras'}"]
    systems += [f"per frame=deeplab_18:{data / 'deeplab.keras'}"]
    systems += [f"carried=deeplab_18:{data / 'deeplab.keras'}+dis:fast:2"]
    more = ["--intervals", "3", "--mode", "stream", "--temporal"]
    more += ["--rounds", "1", "--json", str(tmp_path / "all.json")]
    more += ["--plots", str(tmp_path)]
    recipe.main([*systems, *options(data, *more)])
    rows = json.loads((tmp_path / "all.json").read_text())
    assert [(row["system"], row["interval"]) for row in rows] == [
        ("Accel", 3),
        ("per frame", 1),
        ("carried", 3),
    ]
    for row in rows:
        # The flow is OpenCV's here.
        assert 0 < row["temporal_mean_iou"] <= 1
    assert "| per frame | 1  " in capsys.readouterr().out
    assert (tmp_path / "accuracy_against_time.png").is_file()


def test_recipe_says_what_is_wrong(recipe, data):
    for systems, words in (
        (["accel_tiny"], "'accel_tiny' is no system; give NAME=PRESET"),
        (["a=accel_tiny", "a=deeplab_18"], "two systems are called 'a'"),
        (["a=accel_tiny:x.keras"], "no weights file x.keras"),
        (["a=deeplab_18+"], "'a=deeplab_18+' is no system; give NAME="),
    ):
        with pytest.raises((ValueError, OSError), match=re.escape(words)):
            recipe.main([*systems, *options(data)])
