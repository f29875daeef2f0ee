"""`accel-tf classify`, as a user types it."""

import json

import pytest
from clip_models import tiny_classifier
from shown_classifier import ShownClassifier, write_flat

from accel_tf import commands
from accel_tf.models import restore_classifier

NEIGHBOURS = ("--frames", "3x3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    write_flat(folder / "a.mp4", 6)
    write_flat(folder / "b.mp4", 4)
    return folder


@pytest.fixture
def shown(folder, monkeypatch):
    """The model is one that tells the frames; gives what was asked for."""
    asked = []

    def restore(*arguments, **options):
        asked.append((arguments, options))
        return ShownClassifier(), "It tells frames."

    monkeypatch.setattr(restore_classifier, "restore_classifier", restore)
    monkeypatch.chdir(folder)
    return asked


def test_windows_and_a_summary(shown, capsys):
    argv = ["classify", "a.mp4", *NEIGHBOURS, "--every", "0.2", "--top", "1"]
    argv += ["--model", "x3d_m", "--weights", "x.pth", "--crop-size", "8"]
    assert commands.main(argv) == 0
    note, *windows, summary = capsys.readouterr().out.splitlines()
    assert note == "It tells frames."
    assert [x.split("s  ")[0].split() for x in windows] == [
        ["0.00", "to", "0.20"],
        ["0.20", "to", "0.40"],
        ["0.30", "to", "0.50"],
    ]
    assert [x.split()[5] for x in windows] == ["1", "3", "4"]
    assert summary.startswith("a.mp4: class ")
    assert summary.endswith(" (mean of 3 clips)")
    assert shown == [(("x3d_m", ["x.pth"], None), {"crop_size": 8})]


def test_a_model_that_does_not_tell_its_step(shown, monkeypatch, capsys):
    monkeypatch.setattr(
        restore_classifier,
        "restore_classifier",
        lambda *_, **__: (ShownClassifier(frames=3, frame_step="unknown"), "."),
    )
    argv = ["classify", "a.mp4", "b.mp4", "--every", "1"]
    assert commands.main(argv) == 1  # b.mp4 is shorter than 3x5.
    printed = capsys.readouterr()
    (note,) = (x for x in printed.err.splitlines() if x.startswith("note: "))
    assert "3x5 is taken" in note and "--frames 3xSTEP" in note
    assert "a clip of 3x5 needs 5" in printed.err
    monkeypatch.setattr(
        restore_classifier,
        "restore_classifier",
        lambda *_, **__: (ShownClassifier(frames=3, frame_step=3), "."),
    )
    assert commands.main(argv) == 0
    assert "note: " not in capsys.readouterr().err


def test_several_inputs_get_a_line_each(shown, folder, capsys, tmp_path):
    (tmp_path / "no.mp4").write_text("no video")
    argv = ["classify", str(folder), str(tmp_path / "no.mp4"), *NEIGHBOURS]
    argv += ["--json", str(tmp_path / "found"), "--quiet"]
    assert commands.main(argv) == 1
    printed = capsys.readouterr()
    names = [line.split(":")[0] for line in printed.out.splitlines()]
    assert names == [str(folder / "a.mp4"), str(folder / "b.mp4")]
    (line,) = printed.err.splitlines()
    assert "no.mp4 is not a video" in line
    files = {path.name: path for path in (tmp_path / "found").iterdir()}
    assert files.keys() == {"a.json", "b.json"}
    document = json.loads(files["b.json"].read_text())
    assert document["summary"]["top"][0]["class"] in ("class 1", "class 2")


def test_what_is_wrong_ends_in_one_line(shown, tmp_path, capsys):
    def fails_with(message, *options, source="a.mp4", is_before=True):
        assert commands.main(["classify", source, "--quiet", *options]) == 2
        printed = capsys.readouterr()
        (line,) = printed.err.splitlines()
        assert line.startswith("accel-tf: ") and message in line
        assert not printed.out and bool(shown) != is_before
        shown.clear()

    fails_with("no such file", source="none.mp4")
    fails_with("no file of class names", "--labels", "none.txt")
    fails_with("no such folder", "--json", "none/o.json")
    fails_with("must end in", "--output", "o.txt")
    fails_with("is the input", "--output", "a.mp4")
    fails_with("leave that out", "--views", "2x3", "--every", "1")
    late = {"is_before": False}
    fails_with("6 frames at 10 per second", "--frames", "8x4", **late)
    fails_with("needs 8", "--frames", "8", **late)


@pytest.mark.parametrize(
    "options", [["--frames", "x5"], ["--frames", "0x5"], ["--views", "3x2"]]
)
def test_flags_say_what_would_be_right(options, capsys):
    with pytest.raises(SystemExit) as stop:
        commands.main(["classify", "a.mp4", *options])
    assert stop.value.code == 2
    assert "such as 1" in capsys.readouterr().err


def test_a_model_of_a_file(folder, tmp_path, capsys, untraced):
    """From the file to the drawn video, with a network."""
    names = ("wave", "jump", "sit")
    path = tmp_path / "model.keras"
    tiny_classifier(class_names=names, frames=3).save(path)
    argv = ["classify", str(folder / "a.mp4"), "--model", str(path)]
    argv += ["--frames", "3x3", "--every", "1", "--quiet"]
    argv += ["--output", str(tmp_path / "o.mp4")]
    assert commands.main(argv) == 0
    *_, summary = capsys.readouterr().out.splitlines()
    assert all(name in summary for name in names)
    assert (tmp_path / "o.mp4").stat().st_size > 0
    labels = tmp_path / "two.txt"
    labels.write_text("wave\njump\n")
    assert commands.main([*argv, "--labels", str(labels)]) == 2
    assert "2 class names (--labels)" in capsys.readouterr().err
