"""`accel-tf serve`."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from tiny_saved_models import save_tiny_model

from accel_tf.commands import main

PROGRAM = "import sys; from accel_tf.commands import main; sys.exit(main())"


def ask(url, document=None):
    data = None if document is None else json.dumps(document).encode()
    with urllib.request.urlopen(url, data, timeout=20) as answer:
        return answer.read()


def wait_for_end_of(url, version):
    """Waits until a version has gone."""
    end = time.monotonic() + 20
    while f'"version": "{version}", "state": "END"'.encode() not in ask(url):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_serves_swaps_and_stops(tmp_path):
    models = tmp_path / "models"
    save_tiny_model(models / "1")
    save_tiny_model(tmp_path / "new", offset=20.0)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve"]
        + ["--model-base-path", str(models), "--model-name", "tiny"]
        + ["--rest-api-port", "0", "--monitoring"]
        + ["--file-system-poll-wait-seconds", "0.05"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("Ready: http://127.0.0.1:")
        assert line.endswith("/v1/models/tiny\n")
        url = line.split()[1]
        request = {"instances": [1.0, 2.0]}
        answer = ask(f"{url}:predict", request)
        assert json.loads(answer) == {"predictions": [2.5, 3.0]}
        with pytest.raises(urllib.error.HTTPError) as info:
            ask(f"{url}:predict", {"instances": ["x"]})
        with info.value as refused:
            assert refused.code == 400
        (tmp_path / "new").rename(models / "2")
        wait_for_end_of(url, 1)
        answer = ask(f"{url}:predict", request)
        assert json.loads(answer) == {"predictions": [20.5, 21.0]}
        root = url.partition("/v1")[0]
        metrics = ask(f"{root}/monitoring/prometheus/metrics").decode()
        count = ':tensorflow:serving:request_count{model_name="tiny",status='
        assert f'{count}"OK"}} 2' in metrics
        assert f'{count}"INVALID_ARGUMENT"}} 1' in metrics
        assert ':accel_tf:serving:streams{model_name="tiny",version="2"} 3' in (
            metrics
        )
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert rest == ""
        assert "Traceback" not in errors
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give --model-base-path or --model-config-file."),
        (
            ["--model-base-path", "{0}", "--model-config-file", "{0}/x"],
            "give either --model-config-file or --model-base-path",
        ),
        (
            ["--model-base-path", "{0}/missing"],
            "model default: cannot read {0}/missing: no such file",
        ),
        (["--model-base-path", "{0}"], "model default: no version in {0}."),
        (["--model-base-path", "{0}/is/1"], "{0}/is/1 is a version itself"),
        (
            ["--model-base-path", "{0}/bad"],
            "version 1 could not be loaded: there is no SavedModel",
        ),
        (
            ["--model-base-path", "{0}/is", "--model-name", "a/b"],
            "--model-name must have no / and no : in it, got 'a/b'.",
        ),
        (
            ["--model-base-path", "{0}/is", "--token-file", "{0}/none"],
            "cannot read the token file {0}/none: No such file",
        ),
        (
            ["--model-base-path", "{0}/is", "--allowed-host", "a:1"],
            "--allowed-host must be a name such as models.example",
        ),
        (["--model-config-file", "{0}/none"], "No such file"),
        (["--model-config-file", "{0}/config"], "no valid model config: 1:1"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, capsys, caplog, options, message):
    for folder in ("is/1", "bad/1"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "is" / "1" / "saved_model.pb").touch()
    (tmp_path / "config").write_text("nonsense")
    options = [option.format(tmp_path) for option in options]
    assert main(["serve", "--rest-api-port", "0", *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message.format(tmp_path) in captured.err
    assert captured.err.count("\n") == 1
    assert not caplog.records


def test_a_taken_port_is_one_line(tmp_path, capsys):
    save_tiny_model(tmp_path / "1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ["--model-base-path", str(tmp_path)]
        options += ["--rest-api-port", str(port)]
        assert main(["serve", *options]) == 2
    error = capsys.readouterr().err
    assert f"cannot listen on 127.0.0.1 port {port}: " in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "option",
    ["--rest-api-port=70000", "--max-in-flight=0", "--stop-seconds=nan"],
)
def test_a_wrong_number_is_refused(option, capsys):
    with pytest.raises(SystemExit) as info:
        main(["serve", "--model-base-path", "x", option])
    assert info.value.code == 2
    assert option.partition("=")[2] in capsys.readouterr().err
