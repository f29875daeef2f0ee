"""Rows D of the conformance table: predict requests that are refused.

The table follows the behaviour of TensorFlow Serving's sources and tests;
the ids are its rows.
"""

import pytest
from predict_requests import decode, only

from accel_tf.serving.tensors import ServingError

VERY_DEEP = "[" * 500_000 + "]" * 500_000
DEEP = "[" * 5_000 + "]" * 5_000
HELLO = '{"b64":"aGVsbG8="}'
I32, TWO = {"default": "int32"}, {"a": "int32", "b": "int32"}
STRING, FLOAT = {"default": "string"}, {"default": "float"}


@pytest.mark.parametrize(
    ("dtypes", "text", "message"),
    [
        pytest.param(
            I32,
            '{"signature_name":' + VERY_DEEP + "}",
            "key must be a string value",
            id="D03",
        ),
        pytest.param(I32, "", "document is empty", id="D17"),
        pytest.param(I32, " \n", "document is empty", id="D17-spaces"),
        pytest.param(
            I32,
            '{"signature_name":5,"instances":[1]}',
            "must be a string value",
            id="D18",
        ),
        pytest.param(
            I32,
            '{"instances":[1],"inputs":[1]}',
            "Not formatted correctly",
            id="D19",
        ),
        pytest.param(
            I32,
            '{"instances":[[1,2],[3,4],[5,6,7]]}',
            "Expecting tensor size: 2 but got: 3",
            id="D20",
        ),
        pytest.param(
            I32,
            '{"instances":[[1,2],[3,4],[[5,6]]]}',
            "Expecting shape",
            id="D21",
        ),
        pytest.param(
            I32,
            '{"instances":[1,[1]]}',
            "Expecting shape",
            id="D21-scalar",
        ),
        pytest.param(
            I32,
            '{"instances":[[1,2],["a","b"]]}',
            "element: 1 of 'instances' list. Error: INVALID_ARGUMENT: JSON "
            'Value: "a" Type: String is not of expected type: int32',
            id="D22",
        ),
        pytest.param(
            TWO,
            '{"instances":[{"a":[1],"b":1},{"a":[[1]],"b":1}]}',
            "Expecting shape",
            id="D23",
        ),
        pytest.param(
            TWO,
            '{"instances":[{"a":[1],"b":1},{"a":[1,2],"b":1}]}',
            "element: 1 key: a of 'instances' list. Error: INVALID_ARGUMENT: "
            "Expecting tensor size",
            id="D24",
        ),
        pytest.param(
            STRING,
            '{"instances":[{"default":"a"},["b"]]}',
            "Expecting object but got list",
            id="D25",
        ),
        pytest.param(
            STRING,
            '{"instances":[["a"],{"default":"b"}]}',
            "Expecting value/list but got object",
            id="D26",
        ),
        pytest.param(I32, "[1,2]", "Is not object", id="D30"),
        pytest.param(
            I32,
            '{"signature_name":""}',
            "Missing 'inputs' or 'instances' key",
            id="D31",
        ),
        pytest.param(I32, '{"instances":3}', "to be an list/array", id="D32"),
        pytest.param(
            I32,
            '{"instances":[]}',
            "No values in 'instances' array",
            id="D32-empty",
        ),
        pytest.param(
            TWO,
            '{"instances":[1,2]}',
            "instances is a plain list, but expecting list of objects",
            id="D33",
        ),
        pytest.param(
            TWO,
            '{"inputs":[1,2]}',
            "inputs is a plain value/list, but expecting an object",
            id="D34",
        ),
        pytest.param(
            TWO,
            '{"inputs":{"a":1}}',
            "Missing named input: b in 'inputs' object.",
            id="D35",
        ),
        pytest.param(
            TWO,
            '{"instances":[{"a":1,"b":2,"X":1}]}',
            "Failed to process element: 0 key: X of 'instances' list. Error: "
            "INVALID_ARGUMENT: the signature does not have named input: X",
            id="D36",
        ),
        pytest.param(
            TWO,
            '{"instances":[{"a":1}]}',
            "keys must be equal to: a,b",
            id="D37",
        ),
        pytest.param(
            I32,
            '{"inputs":[[1,2],[3]]}',
            "Encountered list at unexpected size: 1 at level: 1 expected "
            "size: 2",
            id="D39",
        ),
        pytest.param(
            I32,
            '{"instances":[1.0]}',
            "not of expected type: int32",
            id="D40",
        ),
        pytest.param(
            {"default": "bool"},
            '{"instances":[1]}',
            "not of expected type: bool",
            id="D40-bool",
        ),
        pytest.param(
            I32,
            '{"instances":[true]}',
            "Value: true Type: True is not of expected type: int32",
            id="D40-true",
        ),
        pytest.param(
            I32,
            '{"instances":[null]}',
            "not of expected type: int32",
            id="D40-null",
        ),
        pytest.param(
            FLOAT,
            f'{{"instances":[{HELLO}]}}',
            "not of expected type: float",
            id="D41",
        ),
        pytest.param(
            STRING,
            '{"instances":[{"b64":"a"}]}',
            "Unable to base64 decode",
            id="D42",
        ),
        pytest.param(
            STRING,
            '{"instances":[["a"],[{"b64":"YQ==","x":1}]]}',
            "not formatted correctly for base64 data",
            id="D42-object",
        ),
        pytest.param(
            {"default": "half"},
            '{"instances":[1]}',
            "Error: UNIMPLEMENTED: Conversion of JSON Value: 1 to type: half",
            id="D43-row",
        ),
        pytest.param(
            I32,
            '{"instances":[2147483648]}',
            "expected type: int32",
            id="range",
        ),
        pytest.param(
            {"default": "int64"},
            '{"instances":[1' + "0" * 6000 + "]}",
            "not of expected type: int64",
            id="6001-digits",
        ),
        pytest.param(
            FLOAT,
            '{"inputs":' + DEEP + "}",
            "more than 32 dimensions",
            id="deep",
        ),
        pytest.param(
            FLOAT,
            '{"instances":[' + "[" * 32 + "]" * 32 + "]}",
            "more than 32 dimensions",
            id="32-dimensions-in-a-row",
        ),
        pytest.param(
            I32,
            '{"inputs":[[1],2]}',
            "level: 1 is not a list",
            id="mixed",
        ),
        pytest.param(
            I32,
            '{"inputs":[1,[2]]}',
            "list at unexpected level",
            id="mixed-deep",
        ),
        pytest.param(
            STRING,
            '{"inputs":"\\ud800"}',
            "surrogate pair",
            id="surrogate",
        ),
        pytest.param(STRING, b'{"inputs":"\xff"}', "encoding", id="not-utf-8"),
        pytest.param(I32, '{"inputs":[1,]}', "Invalid value", id="comma"),
        pytest.param(I32, DEEP[:6_000], "',' delimiter", id="deep-cut"),
        pytest.param(I32, '{"a":[Inf}', "',' delimiter", id="inf-cut"),
        pytest.param(I32, '{"a":Inf,x', "property name", id="inf-key"),
        pytest.param(I32, '{"a":Inf,"x" 1', "':' delimiter", id="inf-colon"),
    ],
)
def test_errors(dtypes, text, message):
    with pytest.raises(ServingError) as caught:
        decode(text, **dtypes)
    assert message in caught.value.message
    assert caught.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "dtype",
    [
        pytest.param(dtype, id=f"D43-{dtype}")
        for dtype in ("half", "bfloat16", "uint16", "complex64")
    ],
)
def test_types_without_json(dtype):
    with pytest.raises(ServingError, match=f"1.5 to type: {dtype}") as caught:
        only('{"inputs":[1.5]}', dtype)
    assert caught.value.code == "UNIMPLEMENTED"
