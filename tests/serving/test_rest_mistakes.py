"""Rows H of the conformance table: requests that are refused."""

import logging

import pytest
from rest_requests import ask_json

HALF = "/v1/models/half_plus_two"
EXAMPLES_80 = b'{"signature_name":"regress_x_to_y","examples":[{"x":80.0}]}'


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param(method, path, id=f"H02-{index}")
        for index, (method, path) in enumerate(
            [
                ("GET", "/v1/foo"),
                ("POST", "/v1/foo"),
                ("GET", "/v1/models/debug/model_name"),
                ("POST", "/v1/models"),
                ("GET", "/v1/models/foo:predict"),
                ("POST", "/v1/models/foo/version/50:predict"),
                ("POST", "/v1/models/foo/versions/HELLO:regress"),
                ("POST", "/v1/models/foo/metadata"),
                ("POST", "/v1/models/foo/label/some_label:regress"),
                ("POST", "/v1/models/foo/versions/50/labels/x:regress"),
                ("POST", "/v1/models/foo/versions/some_label:regress"),
                ("DELETE", "/v1/models/foo"),
                ("PUT", "/v1/models/foo:predict"),
                ("GET", "/v1/models/foo/versions/\u0661"),
            ]
        )
    ],
)
def test_malformed(method, path):
    status, answer = ask_json(method, path)
    assert status == 400
    assert answer == {"error": f"Malformed request: {method} {path}"}


BAD_VERSION = "18446744073709551615"
ONE = b'{"instances":[1.0]}'


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        pytest.param(
            "GET", "/v1/models", b"", 400, "Missing model name", id="H03"
        ),
        pytest.param(
            "POST",
            f"/v1/models/foo/versions/{BAD_VERSION}:regress",
            ONE,
            400,
            f"Failed to convert version: {BAD_VERSION} to numeric.",
            id="H04",
        ),
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
            "/v1/models/foo:predict",
            ONE,
            404,
            "Servable not found for request: Latest(foo)",
            id="H05",
        ),
        pytest.param(
            "POST",
            "/v1/models/foo/versions/50:predict",
            ONE,
            404,
            "Servable not found for request: Specific(foo, 50)",
            id="H05-version",
        ),
        pytest.param(
            "GET",
            "/v1/models/foo/metadata",
            b"",
            404,
            "Latest(foo)",
            id="H05-metadata",
        ),
        pytest.param(
            "POST",
            HALF + ":predict",
            b"",
            400,
            "JSON Parse error: The document is empty",
            id="H06",
        ),
        pytest.param(
            "POST",
            HALF + ":predict",
            b"instances = [1, 2]",
            400,
            "JSON Parse error: Invalid value",
            id="H07",
        ),
        pytest.param(
            "POST",
            HALF + ":predict",
            b'{"instances":["x","y"]}',
            400,
            "not of expected type: float",
            id="H08",
        ),
        pytest.param(
            "POST",
            HALF + "/labels/new:predict",
            ONE,
            400,
            "Unrecognized servable version label",
            id="H09",
        ),
        pytest.param(
            "POST",
            HALF + ":predict",
            b'{"signature_name":100,"instances":[1]}',
            400,
            "'signature_name' key must be a string value.",
            id="H10",
        ),
        pytest.param(
            "GET",
            "/v1/models/foo",
            b"",
            404,
            "Could not find any versions of model foo",
            id="H15",
        ),
        pytest.param(
            "GET",
            HALF + "/versions/7",
            b"",
            404,
            "Could not find version 7 of model half_plus_two",
            id="H15-version",
        ),
        pytest.param(
            "POST",
            HALF + ":predict",
            b'{"signature_name":"x","instances":[1]}',
            400,
            'Serving signature name: "x" not found in signature def',
            id="H17",
        ),
        pytest.param(
            "POST",
            HALF + ":classify",
            b'{"signature_name":"x","examples":[{"x":1.0}]}',
            400,
            'Serving signature name: "x" not found in signature def',
            id="H17-classify",
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
