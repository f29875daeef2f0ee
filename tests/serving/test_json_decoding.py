"""Rows D of the conformance table: predict requests to arrays.

The table follows the behaviour of TensorFlow Serving's sources and tests;
the ids are its rows.
"""

import json

import numpy as np
import pytest
from fake_servables import signature
from json_cases import COLUMNS, VALUES
from predict_requests import decode, only

from accel_tf.serving.json_tensors import parse_predict_request
from accel_tf.serving.tensors import ServingError

SEVERAL = dict(
    int_tensor="int32", str_tensor="string", float_tensor="float", d="double"
)


def row(i, s, f, d, **more):
    item = {"int_tensor": i, "str_tensor": s, "float_tensor": f, "d": d}
    return {**item, **more}


@pytest.mark.parametrize(
    ("dtype", "text", "expected"),
    [
        *VALUES,
        pytest.param(
            "int64",
            '{"instances":[1,2],"instances":[3]}',
            [1, 2],
            id="first-of-duplicate-keys",
        ),
        pytest.param(
            "double",
            '{"instances":[NaN,Infinity,-Infinity,Inf,-Inf]}',
            [np.nan, np.inf, -np.inf, np.inf, -np.inf],
            id="non-finite",
        ),
        pytest.param(
            "double",
            '{"instances":[1e400,-1e400,1' + "0" * 6000 + ",1e-400]}",
            [np.inf, -np.inf, np.inf, 0],
            id="beyond-double",
        ),
        pytest.param(
            "double",
            '{"instances":[1' + "0" * 400 + ",-1" + "0" * 400 + "]}",
            [np.inf, -np.inf],
            id="beyond-double-integers",
        ),
        pytest.param(
            "uint8", '{"instances":[-1,256,300]}', [255, 0, 44], id="wraps"
        ),
        pytest.param(
            "uint64",
            '{"instances":[18446744073709551615]}',
            [2**64 - 1],
            id="uint64",
        ),
        pytest.param("int32", '{"inputs":[[],[]]}', [[], []], id="empty"),
        pytest.param("bool", '{"inputs":true}', True, id="rank-0"),
        pytest.param(
            "string",
            '{"inputs":["\\ud83d\\ude00é",{"b64":"aGVs bG8\\n"}]}',
            ["\U0001f600é".encode(), b"hello"],
            id="unicode-and-loose-base64",
        ),
    ],
)
def test_values(dtype, text, expected):
    found = only(text, dtype)
    types = {"float": "float32", "double": "float64", "string": object}
    assert found.dtype == types.get(dtype, dtype)
    expected = np.array(expected, found.dtype)
    np.testing.assert_array_equal(found, expected, strict=True)
    if found.dtype.kind == "f":
        np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


@pytest.mark.parametrize("is_row", [pytest.param(True, id="D09"), False])
def test_signature_name(is_row):
    key = "instances" if is_row else "inputs"
    request = decode(f'{{"signature_name":"predict_images","{key}":[[1,2]]}}')
    assert request.signature_name == "predict_images"
    assert request.is_row is is_row
    assert request.inputs["default"].shape == (1, 2)


def test_d14_several_named_rows():
    rows = [
        row([[1, 2], [3, 4], [5, 6]], ["a", {"b64": "aGk="}], [1, 2.5], [1]),
        row([[7, 8], [9, 0], [1, 2]], ["c", "d"], ["NAN", 3], ["INF"]),
    ]
    text = json.dumps({"instances": rows})
    text = text.replace('"NAN"', "NaN").replace('"INF"', "Infinity")
    inputs = decode(text, **SEVERAL).inputs
    assert {name: array.shape for name, array in inputs.items()} == {
        "int_tensor": (2, 3, 2),
        "str_tensor": (2, 2),
        "float_tensor": (2, 2),
        "d": (2, 1),
    }
    assert inputs["str_tensor"].tolist() == [[b"a", b"hi"], [b"c", b"d"]]
    assert np.isnan(inputs["float_tensor"][1, 0])
    assert inputs["d"].tolist() == [[1.0], [np.inf]]


@pytest.mark.parametrize(
    "inputs",
    COLUMNS,
)
def test_columns(inputs):
    request = decode(f'{{"inputs":{inputs}}}', int_tensor="int32")
    assert not request.is_row
    assert request.inputs.keys() == {"int_tensor"}
    assert request.inputs["int_tensor"].tolist() == [[[1, 2], [3, 4], [5, 6]]]


def test_d16_several_columns():
    inputs = decode(
        '{"inputs":{"int":[[[1,2],[3,4],[5,6]]],"str":["foo","bar"],'
        '"bin":{"b64":"aGVsbG8="}}}',
        int="int32",
        str="string",
        bin="string",
    ).inputs
    assert inputs["int"].shape == (1, 3, 2)
    assert inputs["str"].tolist() == [b"foo", b"bar"]
    assert inputs["bin"].shape == () and inputs["bin"].item() == b"hello"


def test_signature_without_inputs():
    assert decode_nothing('{"inputs":{}}') == {}
    assert decode_nothing('{"instances":[{}]}') == {}
    with pytest.raises(ServingError, match="0 inputs"):
        decode_nothing('{"inputs":[1]}')


def decode_nothing(text):
    return parse_predict_request(text.encode(), lambda _: signature()).inputs
