"""`accel-tf distill-server` and `accel-tf distill-edge`."""

import numpy as np
import pytest
from distill_pairs import tiny_student
from video_making import make

from accel_tf import commands


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    path = tmp_path_factory.mktemp("student") / "tiny.keras"
    tiny_student().save(path)
    return str(path)


def fails(capsys, *argv):
    """The one line with which a verb ends."""
    assert commands.main(["--quiet", *map(str, argv)]) == 2
    printed = capsys.readouterr()
    (line,) = [
        each
        for each in printed.err.splitlines()
        if each.startswith("accel-tf: ")
    ]
    return line


def test_server_finds_mistakes_before_it_listens(student, tmp_path, capsys):
    server = ("distill-server", "--model", student, "--port", 0, "--teacher")
    line = fails(capsys, *server, student, "--host", "0.0.0.0")
    assert "--host 0.0.0.0 lets other machines in" in line
    assert "nobody is no teacher" in fails(capsys, *server, "nobody")
    (tmp_path / "empty").mkdir()
    line = fails(capsys, *server, tmp_path / "empty")
    assert "holds no label images" in line
    line = fails(capsys, *server, student, "--tls-cert", "cert.pem")
    assert "--tls-cert and --tls-key go together" in line


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--fraction", "0"),
        ("--height", "255"),
        ("--strategy", "best"),
        ("--update-period", "0"),
        ("--port", "70000"),
    ],
)
def test_options_that_make_no_sense(option, value, capsys):
    argv = ["distill-server", "--teacher", "labels", option, value]
    with pytest.raises(SystemExit) as stop:
        commands.main(argv)
    assert stop.value.code == 2
    assert option in capsys.readouterr().err


def test_edge_needs_a_video_and_an_address(student, tmp_path, capsys):
    edge = ("distill-edge", "--model", student, "--server")
    line = fails(capsys, *edge, "ws://127.0.0.1:9", tmp_path / "none.mp4")
    assert "no such file or folder" in line
    video = make(tmp_path / "drive.mp4", [np.zeros((48, 64, 3), np.uint8)] * 2)
    line = fails(capsys, *edge, "http://127.0.0.1:9", video)
    assert "is no address of a server" in line
    (tmp_path / "text.mp4").write_text("no video")
    fails(capsys, *edge, "ws://127.0.0.1:9", tmp_path / "text.mp4")
    for text in ("0", "fast"):
        with pytest.raises(SystemExit):
            commands.main([*edge, "ws://a:1", "x.mp4", "--speed", text])


def test_edge_says_what_came_of_it(student, tmp_path, capsys):
    video = make(tmp_path / "drive.mp4", [np.zeros((48, 64, 3), np.uint8)] * 4)
    argv = ["--quiet", "distill-edge", str(video), "--model", student]
    argv += ["--server", "ws://127.0.0.1:9", "--speed", "max"]
    assert commands.main(argv) == 0
    printed = capsys.readouterr().out
    assert printed == "4 frames, 0 updates; 0 kbit/s up, 0 kbit/s down.\n"
