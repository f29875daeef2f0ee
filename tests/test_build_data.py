"""accel-tf build-data, as a user types it."""

import errno
import fcntl
import os
import shutil
from unittest import mock

import cityscapes_miniature as miniature
import clip_drawing
import image_writing
import numpy as np
import pytest
import tensorflow_datasets as tfds

from accel_tf import commands
from accel_tf.data import build_lock
from accel_tf.data.build_data import parse_settings
from accel_tf.data.builders import builder_class, prepared_builder

CITYSCAPES = "cityscapes_sequences/full_window5"
FOLDER = "cityscapes_sequences/full_window5/1.0.0"


@pytest.fixture(scope="module")
def whole_tree(tmp_path_factory):
    return miniature.write_tree(tmp_path_factory.mktemp("cityscapes"))


@pytest.fixture
def tree(whole_tree, tmp_path):
    return shutil.copytree(whole_tree, tmp_path / "tree")


def build(tree, data_dir, *more, builder=CITYSCAPES):
    argv = ["build-data", builder, "--data-dir", str(data_dir)]
    return commands.main([*argv, "--manual-dir", str(tree), *more])


def one_line(capsys):
    error = capsys.readouterr().err
    lines = [line for line in error.splitlines() if "accel-tf:" in line]
    assert len(lines) == 1 and "Traceback" not in error
    return lines[0].split("accel-tf:")[1]


def file_names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def break_a_frame(tree):
    path = miniature.frame_path(tree, "train", "aachen", 1, 17)
    path.write_bytes(path.read_bytes()[:-20])
    return path.name, "is cut off"


def remove_a_frame(tree):
    path = miniature.frame_path(tree, "train", "aachen", 0, 16)
    path.unlink()
    return path.name, "frame missing"


def resize_a_label(tree):
    path = miniature.label_path(tree, "val", "lindau", 0, 19)
    miniature.write_png(path, miniature.label_ids(0, (16, 30)))
    return path.name, "is 16x30, but the frame", "is 16x32"


def remove_a_citys_labels(tree):
    shutil.rmtree(tree / "gtFine/train/bochum")
    return "city without labels: bochum has 60 frames", "gtFine/train/bochum"


def remove_a_label(tree):
    path = miniature.label_path(tree, "train", "aachen", 1, 19)
    path.unlink()
    return "label missing", path.name


FAULTS = [
    break_a_frame,
    remove_a_frame,
    resize_a_label,
    remove_a_citys_labels,
    remove_a_label,
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_a_second_run_finishes(
    fault, whole_tree, tree, tmp_path, capsys
):
    data_dir = tmp_path / "data"
    expected = fault(tree)
    assert build(tree, data_dir) == 2
    line = one_line(capsys)
    for text in ("1 fault", *expected):
        assert text in line, line
    assert not data_dir.exists()

    shutil.copytree(whole_tree, tree, dirs_exist_ok=True)
    assert build(tree, data_dir) == 0
    printed = capsys.readouterr().out
    assert "train: 4 examples" in printed
    assert "validation: 1 examples" in printed
    builder = prepared_builder(CITYSCAPES, data_dir)
    assert len(list(builder.as_dataset(split="train"))) == 4


def test_all_faults_are_named_at_once(tree, tmp_path, capsys):
    expected = [text for fault in FAULTS[:4] for text in fault(tree)]
    assert build(tree, tmp_path / "data") == 2
    line = one_line(capsys)
    for text in ("4 faults", *expected):
        assert text in line, line
    assert not (tmp_path / "data").exists()


def test_of_many_faults_the_first_few_are_named(tree, tmp_path, capsys):
    shutil.rmtree(tree / "leftImg8bit_sequence/val")
    for city, drive, labeled in (
        ("aachen", 0, 19),
        ("aachen", 1, 19),
        ("bochum", 0, 313),
        ("bochum", 0, 343),
    ):
        for number in (labeled - 2, labeled - 4):
            path = miniature.frame_path(tree, "train", city, drive, number)
            path.unlink()
    assert build(tree, tmp_path / "data") == 2
    line = one_line(capsys)
    assert "4 faults: frame missing: " in line
    assert "aachen_000000_000015_leftImg8bit.png and 1 more of its" in line
    assert line.count("leftImg8bit.png") == 3 and "and 1 more;" in line


def test_skipped_faults_are_counted(tree, tmp_path, capsys):
    data_dir = tmp_path / "data"
    names = [fault(tree)[0] for fault in (break_a_frame, remove_a_frame)]
    assert build(tree, data_dir, "--skip-faults") == 0
    printed = capsys.readouterr().out
    assert "train: 2 examples" in printed
    assert "skipped: 2" in printed
    for name in names:
        assert name in printed
    ids = {
        example["sequence_id"].decode()
        for example in tfds.as_numpy(
            prepared_builder(CITYSCAPES, data_dir).as_dataset(split="train")
        )
    }
    assert ids == {"bochum_000000_000313", "bochum_000000_000343"}


def test_nothing_but_faults_is_an_error_even_if_skipped(tree, tmp_path, capsys):
    shutil.rmtree(tree / "gtFine")
    assert build(tree, tmp_path / "data", "--skip-faults") == 2
    assert "has no snippet to take, but 3 faults" in one_line(capsys)
    assert not (tmp_path / "data").exists()


def test_a_finished_data_set_is_left_alone(tree, tmp_path, capsys):
    assert build(tree, tmp_path) == 0
    printed = capsys.readouterr().out
    assert "takes about" in printed and "free in" in printed
    assert "there already" not in printed
    before = {
        path: path.stat().st_mtime_ns for path in (tmp_path / FOLDER).iterdir()
    }
    shutil.rmtree(tree)
    assert build(tree, tmp_path) == 0
    assert "It was there already." in capsys.readouterr().out
    after = {
        path: path.stat().st_mtime_ns for path in (tmp_path / FOLDER).iterdir()
    }
    assert after == before


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    clip_drawing.draw_clip(folder / "train/street", range(2))
    (folder / "classes.txt").write_text("road 1 2 3\ncar 4 5 6\n")
    image_writing.write_image(
        folder / "train/street/labels/000001.png", np.zeros((16, 24))
    )
    return folder


def test_a_data_set_says_when_its_files_have_changed(clips, tmp_path, capsys):
    data_dir = tmp_path / "data"
    assert build(clips, data_dir, builder="video_folder") == 0
    note = "note: no pixel of train is labelled car\n"
    assert note in capsys.readouterr().out

    def again():
        assert build(clips, data_dir, builder="video_folder") == 0
        printed = capsys.readouterr().out
        assert note in printed
        return printed.splitlines()[-1]

    folder = data_dir / "video_folder/clips/1.0.0"
    remove = f"To build it anew, remove {folder} first."
    assert again() == f"It was there already. {remove}"
    os.utime(clips / "classes.txt", (0, 0))
    assert "were written at other times. To build" in again()
    size = sum(p.stat().st_size for p in clips.rglob("*.*"))
    clip_drawing.draw_clip(clips / "train/lane", range(1))
    assert ": now 5 files of" in again()
    assert f"then 4 files of {size:,} bytes. {remove}" in again()
    # Of data sets that other versions built nothing is known.
    (folder / "manual_dir.json").unlink()
    assert again() == f"It was there already. {remove}"


def test_a_disk_without_locks_is_no_obstacle(clips, tmp_path, capsys):
    def flock(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    with mock.patch.object(fcntl, "flock", flock):
        assert build(clips, tmp_path / "data", builder="video_folder") == 0
    printed = capsys.readouterr()
    assert "train: 1 examples" in printed.out
    assert "data/video_folder/clips knows no locks; see to it" in printed.err
    with mock.patch.object(build_lock, "fcntl", None):
        assert build(clips, tmp_path / "other", builder="video_folder") == 0
    printed = capsys.readouterr()
    assert "train: 1 examples" in printed.out
    assert "this system knows no locks" in printed.err
    assert not list(tmp_path.rglob(".lock*"))


def damage(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_what_a_killed_build_left_is_removed(tree, tmp_path, capsys):
    data_dir = tmp_path / "data"
    left = data_dir / "cityscapes_sequences/full_window5"
    incomplete = left / "incomplete.ABC123_1.0.0"
    incomplete.mkdir(parents=True)
    (incomplete / "half.tfrecord").write_text("half")
    partial = left / "unfinished.1.0.0" / ".partial-1-train.shard"
    partial.parent.mkdir()
    partial.write_text("half")
    assert build(tree, data_dir) == 0
    assert [path.name for path in left.iterdir()] == ["1.0.0"]


def test_a_late_fault_keeps_what_is_finished(
    whole_tree, tree, tmp_path, capsys
):
    # Damage that only shows when the whole file is read.
    path = miniature.frame_path(tree, "val", "lindau", 0, 18)
    damage(path)
    data_dir = tmp_path / "data"
    assert build(tree, data_dir) == 2
    line = one_line(capsys)
    assert path.name in line and "damaged" in line
    config = data_dir / "cityscapes_sequences/full_window5"
    assert [path.name for path in config.iterdir()] == ["unfinished.1.0.0"]
    # The training split was finished before.
    assert len(file_names(config)) == 2

    shutil.copytree(whole_tree, tree, dirs_exist_ok=True)
    assert build(tree, data_dir) == 0
    assert "validation: 1 examples" in capsys.readouterr().out
    assert [path.name for path in config.iterdir()] == ["1.0.0"]


def test_two_builds_at_once(tree, tmp_path, capsys):
    folder = tmp_path / "cityscapes_sequences/full_window5"
    folder.mkdir(parents=True)
    with (folder / ".lock-1.0.0").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert build(tree, tmp_path) == 2
        assert "another process is building" in one_line(capsys)
    assert build(tree, tmp_path) == 0


def test_settings_make_a_configuration(tree, tmp_path, capsys):
    more = ["--set", "length=2", "--set", "cities=lindau,bochum"]
    assert build(tree, tmp_path, *more) == 0
    printed = capsys.readouterr().out
    name = "cityscapes_sequences/full_window5+cities-lindau-bochum+length-2"
    assert f"{name}/1.0.0 in " in printed
    builder = prepared_builder(name, tmp_path)
    assert builder.info.splits["train"].num_examples == 2
    (example,) = builder.as_dataset(split="validation")
    assert example["frames"].shape == (2, *miniature.SIZE, 3)

    more = ["--set", "name=mine", "--set", "half_size=true"]
    assert build(tree, tmp_path, *more) == 0
    (example,) = prepared_builder(
        "cityscapes_sequences/mine", tmp_path
    ).as_dataset(split="validation")
    assert example["frames"].shape == (5, 8, 16, 3)


def test_synthetic_streets_need_no_files(tmp_path, capsys):
    argv = ["build-data", "synthetic_streets", "--data-dir", str(tmp_path)]
    for setting in (
        "name=small",
        "height=32",
        "width=48",
        "train_sequences=2",
        "train_length=1",
        "validation_sequences=1",
        "validation_length=1",
    ):
        argv += ["--set", setting]
    assert commands.main(argv) == 0
    assert "train: 2 examples" in capsys.readouterr().out
    assert commands.main([*argv, "--skip-faults"]) == 2
    assert "synthetic_streets cannot skip faults" in one_line(capsys)


def test_bad_input_ends_in_one_line(tree, tmp_path, capsys):
    data_dir = tmp_path / "data"
    empty = tmp_path / "empty"
    empty.mkdir()

    def fails_with(expected, *more, tree=tree, builder=CITYSCAPES):
        assert build(tree, data_dir, *more, builder=builder) == 2
        line = one_line(capsys)
        assert expected in line, line
        assert not data_dir.exists()

    fails_with("'cityscapes_sequences'", builder="cityscapes_sequence")
    fails_with(
        "there are: full_window20, half_window20",
        builder="cityscapes_sequences/full",
    )
    fails_with("no such folder", tree=tmp_path / "none")
    fails_with("empty: Register at https://www.cityscapes", tree=empty)
    fails_with("leftImg8bit_sequence/train/<city>", tree=tree / "gtFine")
    fails_with("there are: name, length, half_size, cities", "--set", "size=1")
    fails_with("give KEY=VALUE", "--set", "length")
    fails_with("must be a whole number, not 'x'", "--set", "length=x")
    fails_with("must be true or false", "--set", "half_size=1")
    fails_with("length must be 1 to 20", "--set", "length=25")
    fails_with("no frames of the city 'köln'", "--set", "cities=köln")
    assert (
        commands.main(["build-data", CITYSCAPES, "--data-dir", str(data_dir)])
        == 2
    )
    assert "needs --manual-dir: Register at" in one_line(capsys)
    assert not data_dir.exists()


def test_settings_have_the_types_of_their_fields():
    cls = builder_class("cityscapes_sequences")
    settings = ["length=3", "half_size=True", "cities=a,b"]
    assert parse_settings(cls, settings) == {
        "length": 3,
        "half_size": True,
        "cities": ("a", "b"),
    }
    assert parse_settings(cls, ["cities=none"]) == {"cities": None}
    cls = builder_class("synthetic_streets")
    assert parse_settings(cls, ["frame_rate=12.5"]) == {"frame_rate": 12.5}


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as stop:
        commands.main(["build-data", "--help"])
    assert stop.value.code == 0
    assert "Example: accel-tf build-data city" in capsys.readouterr().out


def test_quiet_prints_what_there_is_now_only(tmp_path, capfd):
    argv = ["--quiet", "build-data", "synthetic_streets"]
    for setting in (
        "height=32",
        "width=64",
        "train_sequences=1",
        "train_length=1",
        "validation_sequences=1",
        "validation_length=1",
    ):
        argv += ["--set", setting]
    assert commands.main([*argv, "--data-dir", str(tmp_path)]) in (0, None)
    captured = capfd.readouterr()
    assert captured.out.startswith("synthetic_streets/tiny_128x256+")
    assert len(captured.out.splitlines()) == 3
    assert "WARNING" not in captured.err
