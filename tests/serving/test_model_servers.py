"""The search for a real TensorFlow Serving says what is missing."""

import stat

import model_servers
import pytest
from model_servers import BINARY, URL_VARIABLE, NoServerError, tf_serving


def refusal(folder, **environment):
    with pytest.raises(NoServerError) as info:
        with tf_serving(folder, environment):
            pass
    (line,) = str(info.value).splitlines()
    return line


def test_no_server(tmp_path):
    line = refusal(tmp_path, PATH=str(tmp_path))
    assert URL_VARIABLE in line and BINARY in line


def test_nothing_at_the_address(tmp_path):
    line = refusal(tmp_path, **{URL_VARIABLE: "http://127.0.0.1:9"})
    assert "no server at http://127.0.0.1:9" in line


def test_a_server_without_the_models(tmp_path, server):
    line = refusal(tmp_path, **{URL_VARIABLE: f"{server.url}/other"})
    assert "does not serve half_plus_two, echo, streams" in line


def test_the_server_that_is_named(tmp_path, server):
    with tf_serving(tmp_path, {URL_VARIABLE: f"{server.url}/"}) as found:
        assert found.url == server.url


def test_a_binary_that_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(model_servers, "write_models", lambda path: path / "c")
    binary = tmp_path / BINARY
    binary.write_text("#!/bin/sh\necho unknown argument: $3\nexit 1\n")
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    line = refusal(tmp_path, PATH=f"{tmp_path}:/bin")
    assert f"unknown argument: --model_config_file={tmp_path}/c" in line
