"""Rows H and U of the conformance table: addresses, statuses and bodies."""

import pytest
from fake_servables import signature_def
from rest_cases import (
    DISPATCHED,
    EXAMPLES_80,
    HALF,
    INFERENCES,
    ONE,
    STATUSES,
)
from rest_requests import ask, ask_json

from accel_tf.serving.rest_urls import Target, parse_target
from accel_tf.serving.tensors import Signature, TensorInfo


@pytest.mark.parametrize(
    ("method", "path", "status"),
    DISPATCHED,
)
def test_dispatch(method, path, status):
    answer = ask(method, path)
    assert answer.status == status
    is_html = answer.headers["Content-Type"] == "text/html"
    assert is_html == (status == 404) == answer.body.startswith(b"<!DOCTYPE")


@pytest.mark.parametrize(
    ("address", "body", "expected"),
    INFERENCES,
)
def test_inference(address, body, expected):
    assert ask_json("POST", HALF + address, body) == (200, expected)


def state(version):
    status = {"error_code": "OK", "error_message": ""}
    return {"version": str(version), "state": "AVAILABLE", "status": status}


@pytest.mark.parametrize(
    ("address", "versions"),
    STATUSES,
)
def test_status(address, versions):
    expected = {"model_version_status": [state(n) for n in versions]}
    assert ask_json("GET", HALF + address) == (200, expected)


def test_h14_metadata():
    status, answer = ask_json("GET", HALF + "/labels/stable/metadata")
    assert status == 200
    assert answer["model_spec"] == {
        "name": "half_plus_two",
        "signature_name": "",
        "version": "123",
    }
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert signatures.keys() == {
        "serving_default",
        "classify_x_to_y",
        "regress_x_to_y",
    }
    default = signatures["serving_default"]
    assert default["inputs"]["x"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {
            "dim": [{"size": "-1", "name": ""}, {"size": "1", "name": ""}],
            "unknown_rank": False,
        },
        "name": "x:0",
    }
    assert default["method_name"] == "tensorflow/serving/predict"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        pytest.param(
            "GET",
            "/v1/models/%21%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B%3D%3F"
            "%40%5B%5D/labels/%21+%5d",
            Target("status", "!#$%&'()*+,/:;=?@[]", None, "!+]"),
            id="U01",
        ),
        pytest.param(
            "POST",
            "/v1/models/%21%2F/labels/%3A%40:predict",
            Target("predict", "!/", None, ":@"),
            id="U01-post",
        ),
        pytest.param(
            "GET",
            "/v1/models/foo/versions/99",
            Target("status", "foo", 99),
            id="U02",
        ),
        pytest.param(
            "GET",
            "/v1/models/foo/labels/latest",
            Target("status", "foo", None, "latest"),
            id="U02-label",
        ),
        pytest.param(
            "GET",
            "/v1/models/foo/labels/latest/metadata",
            Target("metadata", "foo", None, "latest"),
            id="U02-metadata",
        ),
        pytest.param(
            "POST",
            "/v1/models/foo/versions/9223372036854775807:Classify",
            Target("classify", "foo", 2**63 - 1),
            id="U02-post",
        ),
    ],
)
def test_addresses(method, path, expected):
    assert parse_target(method, path) == expected


def test_preflight_and_other_origins():
    path, origin = HALF + ":predict", {"oRiGin": "https://example.org"}
    status, answer = ask_json("OPTIONS", path)
    assert status == 400
    assert answer["error"] == "Origin header is missing in CORS preflight"
    answer = ask("OPTIONS", path, headers=origin)
    assert (answer.status, answer.body) == (200, b"")
    assert "Access-Control-Allow-Origin" not in answer.headers
    for method in ("OPTIONS", "POST"):
        answer = ask(method, path, ONE, origin, enable_cors=True)
        assert answer.status == 200
        assert answer.headers == {
            "Content-Type": "application/json",
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "POST, GET",
            "Access-Control-Allow-Headers": "Content-Type",
        }
    assert ask("OPTIONS", "/index", headers=origin).status == 404


def test_pages_and_metrics():
    options = {
        "pages": {"/": ("text/html", b"<p>Here"), "/v1/x": ("text/css", b"")},
        "metrics_path": "/monitoring/prometheus/metrics",
    }
    answer = ask("GET", "/?query", **options)
    assert (answer.status, answer.body) == (200, b"<p>Here")
    assert answer.headers == {"Content-Type": "text/html"}
    assert ask("POST", "/", **options).status == 404
    assert ask("GET", "/v1/x", **options).status == 400
    answer = ask("GET", options["metrics_path"], **options)
    assert answer.status == 200 and b"requests 1" in answer.body
    assert answer.headers == {"Content-Type": "text/plain"}
    assert ask("GET", options["metrics_path"]).status == 404


def test_requests_are_observed():
    seen = []

    def observe(*arguments):
        seen.append(arguments)

    echo = "/v1/models/echo:predict"
    bodies = [ONE] + [
        f'{{"signature_name":"{name}","instances":[1]}}'.encode()
        for name in ("busy", "bug", "unknown")
    ]
    for body in (*bodies, b""):
        ask("POST", echo, body, observe=observe)
    ask("POST", HALF + ":regress", EXAMPLES_80, observe=observe)
    ask("POST", "/v1/models/foo:predict", ONE, observe=observe)
    ask("GET", HALF, observe=observe)
    assert [entry[:3] for entry in seen] == [
        ("echo", "predict", "OK"),
        ("echo", "predict", "RESOURCE_EXHAUSTED"),
        ("echo", "predict", "INTERNAL"),
        ("echo", "predict", "INVALID_ARGUMENT"),
        ("half_plus_two", "regress", "OK"),
    ]
    assert all(0 < seconds < 60 for *_, seconds in seen)


def test_signature_of_a_message():
    signature = Signature(
        {"x": TensorInfo("float", (None, 3)), "y": TensorInfo("string", ())},
        {"z": TensorInfo("uint8", None)},
        "tensorflow/serving/predict",
        {"x": "x:0", "y": "y:0"},
        {"z": "z:0"},
    )
    assert Signature.from_proto(signature_def(signature)) == signature
