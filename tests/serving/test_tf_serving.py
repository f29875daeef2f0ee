"""The conformance table over HTTP, against a server with real models.

By default the server is the embedded one. `pytest -m tf_serving` asks a real
TensorFlow Serving instead: the one at `ACCEL_TF_SERVING_URL`, or a
`tensorflow_model_server` on PATH. The ids are the rows of the table.
"""

import gzip
import json

import numpy as np
import pytest
from json_cases import COLUMNS, REFUSED_VALUES, VALUES
from rest_cases import (
    DISPATCHED,
    HALF,
    INFERENCES,
    MALFORMED,
    ONE,
    REFUSED_REQUESTS,
    STATUSES,
)


def named(dtypes):
    """The signature of `echo` with inputs of these types."""
    return "two" if "a" in dtypes else dtypes["default"]


@pytest.mark.parametrize(("dtype", "text", "expected"), VALUES)
def test_values(server, dtype, text, expected):
    status, answer = server.predict("echo", dtype, text)
    assert status == 200, answer
    (found,) = answer.values()
    if dtype == "string":
        assert found == np.char.decode(expected).tolist()
    else:
        type_ = {"float": np.float32, "double": np.float64}.get(dtype, dtype)
        expected = np.array(expected, type_)
        np.testing.assert_array_equal(np.array(found, type_), expected)


@pytest.mark.parametrize("inputs", COLUMNS)
def test_columns(server, inputs):
    answer = server.predict("echo", "columns", f'{{"inputs":{inputs}}}')
    assert answer == (200, {"outputs": [[[1, 2], [3, 4], [5, 6]]]})


@pytest.mark.parametrize(("dtypes", "text", "message"), REFUSED_VALUES)
def test_refused_values(server, dtypes, text, message):
    # What names a signature, or is no object, goes to the default one.
    is_whole = not text.startswith("{") or "signature_name" in text
    if is_whole:
        status, answer = server.predict("half_plus_two", None, text)
    else:
        status, answer = server.predict("echo", named(dtypes), text)
    assert status == 400
    assert answer.keys() == {"error"} and message in answer["error"]


@pytest.mark.parametrize(
    "dtype",
    [
        pytest.param(dtype, id=f"D43-{dtype}")
        for dtype in ("half", "bfloat16", "uint16", "complex64")
    ],
)
def test_types_without_json(server, dtype):
    status, answer = server.predict("echo", dtype, '{"inputs":[1.5]}')
    assert status == 501
    assert f"1.5 to type: {dtype}" in answer["error"]


def test_d14_and_e07_several_rows(server):
    rows = (
        '{"i":[[1,2],[3,4]],"s":["a",{"b64":"aGk="}],"f":[1,2.5],"d":1}',
        '{"i":[[5,6],[7,8]],"s":["c","d"],"f":[NaN,3],"d":Infinity}',
    )
    text = f'{{"instances":[{",".join(rows)}]}}'
    status, answer = server.predict("echo", "several", text)
    assert status == 200
    first, second = answer["predictions"]
    assert first == {
        "i": [[1, 2], [3, 4]],
        "s": ["a", "hi"],
        "f": [1.0, 2.5],
        "d": 1.0,
    }
    assert second["i"] == [[5, 6], [7, 8]] and second["s"] == ["c", "d"]
    assert np.isnan(second["f"][0]) and second["d"] == np.inf


def test_d16_and_e07_several_columns(server):
    columns = {"i": [[1], [2]], "s": {"b64": "aGVsbG8="}, "f": 0.5, "d": []}
    answer = server.predict("echo", "several", {"inputs": columns})
    assert answer == (200, {"outputs": columns | {"s": "hello"}})


@pytest.mark.parametrize(
    ("signature", "text", "expected"),
    [
        pytest.param(
            "int32",
            '{"instances":[[[1,2]],[[3,4]]]}',
            {"predictions": [[[1, 2]], [[3, 4]]]},
            id="E01",
        ),
        pytest.param(
            "int64",
            '{"inputs":[1,2,3,4,5]}',
            {"outputs": [1, 2, 3, 4, 5]},
            id="E02",
        ),
        pytest.param(
            "bytes",
            '{"instances":[[{"b64":"/wA="},"is"]]}',
            {"predictions": [[{"b64": "/wA="}, {"b64": "aXM="}]]},
            id="E03",
        ),
        pytest.param(
            "none", '{"instances":[1.0]}', {"predictions": []}, id="E09"
        ),
        pytest.param("float", '{"inputs":2}', {"outputs": 2.0}, id="E11"),
        pytest.param("bool", '{"inputs":true}', {"outputs": True}, id="bool"),
    ],
)
def test_answers(server, signature, text, expected):
    assert server.predict("echo", signature, text) == (200, expected)


@pytest.mark.parametrize(
    ("values", "tokens"),
    [
        pytest.param(
            "9000000,999999,0.5,0.0003,0.00003,555557.5",
            "9e+06 999999.0 0.5 0.0003 3e-05 555557.5",
            id="E04",
        ),
        pytest.param(
            "NaN,Infinity,3,-Infinity",
            "NaN Infinity 3.0 -Infinity",
            id="E05",
        ),
    ],
)
def test_float_tokens(server, values, tokens):
    body = f'{{"signature_name":"float","inputs":[{values}]}}'
    answer = server.ask("POST", "/v1/models/echo:predict", body.encode())
    found = json.loads(answer.body, parse_float=str, parse_constant=str)
    assert found == {"outputs": tokens.split()}


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        pytest.param("to_half", "value for tensor type: half", id="E06"),
        pytest.param("uneven", "inconsistent batch size", id="E08"),
        pytest.param("sum", "sum has no shape information", id="E11-row"),
    ],
)
def test_answers_that_json_cannot_hold(server, signature, message):
    text = '{"instances":[1.0,2.0]}'
    status, answer = server.predict("echo", signature, text)
    assert status == 400 and message in answer["error"]


@pytest.mark.parametrize(("method", "path", "status"), DISPATCHED)
def test_dispatch(server, method, path, status):
    answer = server.ask(method, path)
    assert answer.status == status
    assert answer.content_type.startswith("text/html") == (status == 404)


@pytest.mark.parametrize(("method", "path"), MALFORMED)
def test_malformed(server, method, path):
    answer = server.ask(method, path)
    assert answer.status == 400
    assert answer.json() == {"error": f"Malformed request: {method} {path}"}


@pytest.mark.parametrize(("address", "body", "expected"), INFERENCES)
def test_inference(server, address, body, expected):
    answer = server.ask("POST", HALF + address, body)
    assert (answer.status, answer.json()) == (200, expected)


@pytest.mark.parametrize(("address", "versions"), STATUSES)
def test_status(server, address, versions):
    answer = server.ask("GET", HALF + address)
    assert answer.status == 200
    found = answer.json()["model_version_status"]
    assert [each["version"] for each in found] == list(map(str, versions))
    for each in found:
        assert each["state"] == "AVAILABLE"
        assert each["status"] == {"error_code": "OK", "error_message": ""}


def test_h14_metadata(server):
    answer = server.ask("GET", HALF + "/labels/stable/metadata")
    assert answer.status == 200
    answer = answer.json()
    assert answer["model_spec"] == {
        "name": "half_plus_two",
        "signature_name": "",
        "version": "123",
    }
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    names = {"serving_default", "classify_x_to_y", "regress_x_to_y"}
    assert signatures.keys() == names
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
    ("method", "path", "body", "status", "message"), REFUSED_REQUESTS
)
def test_refused_requests(server, method, path, body, status, message):
    answer = server.ask(method, path, body)
    assert answer.status == status
    error = answer.json()
    assert error.keys() == {"error"} and message in error["error"]


def test_compressed_body(server):
    body, headers = gzip.compress(ONE), {"Content-Encoding": "gzip"}
    answer = server.ask("POST", HALF + ":predict", body, headers)
    assert answer.json() == {"predictions": [2.5]}
