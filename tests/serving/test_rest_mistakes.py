"""Rows H of the conformance table: requests that are refused."""

import logging

import pytest
from rest_cases import EXAMPLES_80, HALF, MALFORMED, REFUSED_REQUESTS
from rest_requests import ask_json


@pytest.mark.parametrize(
    ("method", "path"),
    [*MALFORMED, ("GET", "/v1/models/foo/versions/\u0661")],
)
def test_malformed(method, path):
    status, answer = ask_json(method, path)
    assert status == 400
    assert answer == {"error": f"Malformed request: {method} {path}"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        *REFUSED_REQUESTS,
        pytest.param(
            "GET",
            "/v1/models/foo/versions/" + "9" * 5000,
            b"",
            400,
            "Failed to convert version",
            id="H04-5000-digits",
        ),
        pytest.param(
            "POST",
            HALF + ":classify",
            EXAMPLES_80,
            400,
            "method_name to be tensorflow/serving/classify. Was: "
            "tensorflow/serving/regress",
            id="classify-by-regression",
        ),
        pytest.param(
            "POST",
            "/v1/models/echo:predict",
            b'{"signature_name":"busy","instances":[1]}',
            429,
            "too busy",
            id="status-of-the-model",
        ),
        pytest.param(
            "POST",
            "/v1/models/echo:predict",
            b'{"signature_name":"half","inputs":1}',
            501,
            "Conversion of JSON Value: 1 to type: half",
            id="unimplemented",
        ),
    ],
)
def test_errors(method, path, body, status, message):
    found, answer = ask_json(method, path, body)
    assert found == status
    assert answer.keys() == {"error"} and message in answer["error"]


def test_a_fault_in_a_model_is_one_line(caplog):
    body = b'{"signature_name":"bug","instances":[1]}'
    with caplog.at_level(logging.ERROR):
        status, answer = ask_json("POST", "/v1/models/echo:predict", body)
    assert status == 500
    assert answer == {"error": "Internal error: KeyError: 'a\\nlong\\nstory'"}
    # Whoever runs the server sees where it happened.
    assert "fake_servables.py" in caplog.text
