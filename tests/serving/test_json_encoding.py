"""Rows E of the conformance table: arrays to answers."""

import json

import ml_dtypes
import numpy as np
import pytest

from accel_tf.serving.json_encoding import (
    encode_error,
    encode_predict_response,
    float_tokens,
)
from accel_tf.serving.tensors import ServingError, dtype_name

INT32 = np.arange(12, dtype=np.int32).reshape(2, 3, 2)
STRINGS = np.array([[b"this", b"is"], [b"a", b"\xff\x00"]], object)


def rows(**outputs):
    return json.loads(encode_predict_response(outputs, True))["predictions"]


def columns(**outputs):
    return json.loads(encode_predict_response(outputs, False))["outputs"]


@pytest.mark.parametrize("encode", [rows, columns])
@pytest.mark.parametrize(
    ("name", "array", "expected"),
    [
        pytest.param("x", INT32, INT32.tolist(), id="E01"),
        pytest.param("x", np.arange(1, 6), [1, 2, 3, 4, 5], id="E02"),
        pytest.param(
            "str_tensor_bytes",
            STRINGS,
            [
                [{"b64": "dGhpcw=="}, {"b64": "aXM="}],
                [{"b64": "YQ=="}, {"b64": "/wA="}],
            ],
            id="E03",
        ),
        pytest.param(
            "x",
            np.array([b'q"\n', "é".encode()], object),
            ['q"\n', "é"],
            id="strings",
        ),
        pytest.param(
            "x", np.array([[True, False]]), [[True, False]], id="bool"
        ),
        pytest.param("x", np.zeros((2, 0, 3)), [[], []], id="no-values"),
        pytest.param(
            "x", np.array([2**64 - 1], np.uint64), [2**64 - 1], id="uint64"
        ),
    ],
)
def test_one_output(encode, name, array, expected):
    assert encode(**{name: array}) == expected


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        pytest.param(
            "float32",
            [9000000, 999999, 0.5, 0.0003, 0.00003, 555557.5],
            "9e+06 999999.0 0.5 0.0003 3e-05 555557.5",
            id="E04",
        ),
        pytest.param(
            "float32",
            [np.nan, np.inf, 3, -np.inf],
            "NaN Infinity 3.0 -Infinity",
            id="E05",
        ),
        pytest.param(
            "float32",
            [1 / 3, 0, -0.0, 16777217, np.finfo("float32").max],
            "0.333333343 0.0 -0.0 16777216.0 3.40282347e+38",
            id="all-digits",
        ),
        pytest.param(
            "float64",
            [1 / 3, 0.1, 1e300, 2**53],
            "0.33333333333333331 0.1 1e+300 9007199254740992.0",
            id="double",
        ),
    ],
)
def test_float_tokens(dtype, values, expected):
    assert float_tokens(np.array(values, dtype)) == expected.split()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_come_back_as_they_were(dtype):
    bits = np.random.default_rng(0).integers(
        0, 256, (2000, np.dtype(dtype).itemsize), np.uint8
    )
    values = bits.view(dtype)[:, 0]
    values = values[np.isfinite(values)]
    found = np.array([float(token) for token in float_tokens(values)], dtype)
    np.testing.assert_array_equal(found, values, strict=True)


@pytest.mark.parametrize(
    ("outputs", "is_row", "message"),
    [
        pytest.param({}, True, "empty tensor map", id="E06"),
        pytest.param(
            {"x": np.zeros(1, np.complex64)},
            False,
            "Failed to write JSON value for tensor type: complex64",
            id="E06-complex64",
        ),
        pytest.param(
            {"x": np.zeros(1, np.float16)},
            True,
            "Failed to write JSON value for tensor type: half",
            id="E06-half",
        ),
        pytest.param(
            {"x": np.zeros(1, np.uint16)},
            True,
            "tensor type: uint16",
            id="E06-uint16",
        ),
        pytest.param(
            {"x": np.float32(1)},
            True,
            "Tensor name: x has no shape information",
            id="E06-no-shape",
        ),
        pytest.param(
            {"x": np.zeros(2), "y": np.zeros(1)},
            True,
            "Tensor name: y has inconsistent batch size: 1 expecting: 2",
            id="E08",
        ),
        pytest.param(
            {"x": np.zeros(0), "y": np.zeros(1)},
            True,
            "inconsistent batch size: 1 expecting: 0",
            id="E08-zero",
        ),
        pytest.param(
            {"x": np.zeros(2), "y": np.float32(1)},
            True,
            "y has no shape information",
            id="E11-row",
        ),
    ],
)
def test_errors(outputs, is_row, message):
    with pytest.raises(ServingError) as caught:
        encode_predict_response(outputs, is_row)
    assert message in caught.value.message
    assert caught.value.code == "INVALID_ARGUMENT"


SEVERAL = {
    "int_tensor": INT32,
    "str_tensor": np.array([b"foo", b"bar"], object),
    "float_tensor": np.array([[0.5], [1.5]], np.float32),
    "double_tensor": np.array([1.5, 2.0]),
    "bin_bytes": np.array([[b"hi"], [b"a"]], object),
}


def test_e07_several_outputs():
    assert rows(**SEVERAL) == [
        {
            "int_tensor": INT32[0].tolist(),
            "str_tensor": "foo",
            "float_tensor": [0.5],
            "double_tensor": 1.5,
            "bin_bytes": [{"b64": "aGk="}],
        },
        {
            "int_tensor": INT32[1].tolist(),
            "str_tensor": "bar",
            "float_tensor": [1.5],
            "double_tensor": 2.0,
            "bin_bytes": [{"b64": "YQ=="}],
        },
    ]
    assert columns(**SEVERAL) == {
        "int_tensor": INT32.tolist(),
        "str_tensor": ["foo", "bar"],
        "float_tensor": [[0.5], [1.5]],
        "double_tensor": [1.5, 2.0],
        "bin_bytes": [[{"b64": "aGk="}], [{"b64": "YQ=="}]],
    }
    # A name with a quote in it is still a key.
    assert columns(**{'a"': INT32, "b": INT32}).keys() == {'a"', "b"}


def test_e09_no_rows():
    empty = encode_predict_response({"x": np.zeros((0, 3))}, True)
    assert empty == b'{"predictions": []}'
    assert rows(x=np.zeros((0, 3)), y=np.zeros(0)) == []


def test_e10_error_body():
    assert encode_error('Bad key: "key"') == b'{"error":"Bad key: \\"key\\""}'
    assert encode_error("half a pair: \ud800").endswith(b': ?"}')
    assert len(encode_error("x" * 10_000)) < 2_100


def test_e11_scalar_columns():
    assert columns(x=np.float32(2)) == 2.0
    assert columns(x=np.array(b"a", object), y=np.int32(1)) == {
        "x": "a",
        "y": 1,
    }


def test_strings_that_are_no_text_are_sent_as_they_are():
    array = np.array([b"\xff\xe9", b"ok"], object)
    body = encode_predict_response({"x": array}, True)
    assert body == b'{"predictions": ["\xff\xe9", "ok"]}'


def test_names_of_types():
    names = {
        "float32": "float",
        "float64": "double",
        "float16": "half",
        "object": "string",
        "S3": "string",
        "uint8": "uint8",
        "bool": "bool",
    }
    for type_, name in names.items():
        assert dtype_name(np.zeros(1, type_)) == name
    assert dtype_name(np.zeros(1, ml_dtypes.bfloat16)) == "bfloat16"
