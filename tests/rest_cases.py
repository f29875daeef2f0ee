"""Rows H of the conformance table: requests and their answers.

They are for a server of `half_plus_two`, the model of TensorFlow Serving's
own tests, with the versions 123, labelled `stable`, and 45, labelled `old`.
The unit tests put them to a handler; `serving/test_tf_serving.py` sends them
to a server.
"""

import pytest

HALF = "/v1/models/half_plus_two"
BAD_VERSION = "18446744073709551615"
ONE = b'{"instances":[1.0]}'
EXAMPLES_80 = b'{"signature_name":"regress_x_to_y","examples":[{"x":80.0}]}'

MALFORMED = [
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
        ]
    )
]
# Method, path and status.
DISPATCHED = [
    pytest.param("GET", "/v1/models", 400, id="H01"),
    pytest.param("GET", "/V1/anything", 400, id="H01-case"),
    pytest.param("GET", "/statuspage", 404, id="H01-statuspage"),
    pytest.param("POST", "/index", 404, id="H01-index"),
    pytest.param("GET", "/v1", 404, id="H01-v1"),
    pytest.param("GET", "/v2/models/x", 404, id="H01-v2"),
]
# Address after `HALF`, request and answer.
INFERENCES = [
    pytest.param(
        ":predict",
        b'{"instances":[1.0,2.0,5.0]}',
        {"predictions": [2.5, 3.0, 4.5]},
        id="H11",
    ),
    pytest.param(
        "/versions/00123:predict",
        b'{"instances":[1.0]}',
        {"predictions": [2.5]},
        id="H11-version",
    ),
    pytest.param(
        "/LABELS/stable:PREDICT",
        b'{"instances":[{"x":[1.0]}]}',
        {"predictions": [[2.5]]},
        id="H11-label",
    ),
    pytest.param(
        ":predict?key=1",
        b'{"signature_name":"serving_default","instances":[[1.0,2.0]]}',
        {"predictions": [[2.5, 3.0]]},
        id="H11-signature",
    ),
    pytest.param(
        ":predict", b'{"inputs":1.0}', {"outputs": 2.5}, id="H11-columnar"
    ),
    pytest.param(":regress", EXAMPLES_80, {"results": [42.0]}, id="H12"),
    pytest.param(
        ":classify",
        b'{"signature_name":"classify_x_to_y","examples":[{"x":20.0}]}',
        {"results": [[["", 12.0]]]},
        id="H12-classify",
    ),
]
# Address after `HALF` and the versions in the answer.
STATUSES = [
    pytest.param("", [123, 45], id="H13"),
    pytest.param("/versions/45", [45], id="H13-version"),
    pytest.param("/labels/old", [123, 45], id="H16"),
]
# Method, path, request, status and a part of the message.
REFUSED_REQUESTS = [
    pytest.param("GET", "/v1/models", b"", 400, "Missing model name", id="H03"),
    pytest.param(
        "POST",
        f"/v1/models/foo/versions/{BAD_VERSION}:regress",
        ONE,
        400,
        f"Failed to convert version: {BAD_VERSION} to numeric.",
        id="H04",
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
]
