"""`--cluster`: mistakes are told before anything starts."""

import sys

import pytest

from accel_tf import commands
from accel_tf.fleet.ray_pool import environment


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(b"no video")
    return str(path)


def told(capsys, *argv):
    assert commands.main(["segment", *argv]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--labels {0}/l --workers 2", "--workers goes with --cluster"),
        ("--labels {0}/l --part-frames 9", "--part-frames goes with --cluster"),
        ("--cluster --output {0}/o.mp4", "give --output-dir"),
        ("--cluster --labels {0}/l --live", "files are no live sources"),
        (
            "--cluster --labels {0}/l --server http://a --model m",
            "workers hold the model",
        ),
        ("--cluster", "nothing would be written"),
        ("--cluster --labels {0}/l --json {0}/l", "given for two outputs"),
        ("--cluster --labels {0}/no/l", "no such folder"),
        ("--cluster --labels {0}/video.mp4", "is a file; give a folder"),
        ("--cluster --output-dir {0}/o --codec none", "codec"),
        ("--cluster --labels {0}/l --key-share 0.2", "--key-share goes with"),
    ],
)
def test_mistakes_are_told(tmp_path, video, capsys, options, line):
    argv = [each.format(tmp_path) for each in options.split()]
    assert line in told(capsys, video, *argv)
    assert [path.name for path in tmp_path.iterdir()] == ["video.mp4"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("rtsp://camera/1", "is a stream or camera; --cluster takes files"),
        ("-", "is a stream or camera"),
        ("{0}/none.mp4", "no such file or folder"),
    ],
)
def test_sources_that_nobody_can_share(tmp_path, capsys, source, line):
    argv = [source.format(tmp_path), "--labels", f"{tmp_path}/l"]
    assert line in told(capsys, *argv, "--cluster")
    assert not list(tmp_path.iterdir())


def test_ray_is_an_extra(tmp_path, video, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    line = told(capsys, video, "--labels", f"{tmp_path}/l", "--cluster")
    assert 'pip install "accel-tf[ray]"' in line


@pytest.mark.parametrize("text", ["-1", "1.5", "many"])
def test_amounts(tmp_path, video, capsys, text):
    argv = ["segment", video, "--cluster", "--worker-gpus", text]
    with pytest.raises(SystemExit):
        commands.main(argv)
    assert "is no amount" in capsys.readouterr().err


def test_workers_compute_as_the_command_does(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    assert environment(1, 0)["TF_ENABLE_ONEDNN_OPTS"] == "1"


def test_workers_have_as_many_threads_as_processors():
    assert environment(2, 0)["TF_NUM_INTRAOP_THREADS"] == "2"
    assert environment(0.5, 0)["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "CUDA_VISIBLE_DEVICES" not in environment(1, 0.5)
