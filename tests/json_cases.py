"""Rows D of the conformance table: predict requests and what they mean.

The unit tests decode them; `serving/test_tf_serving.py` sends them to a
server.
"""

import numpy as np
import pytest

VERY_DEEP = "[" * 500_000 + "]" * 500_000
HELLO, WORLD = '{"b64":"aGVsbG8="}', '{"b64":"d29ybGQ="}'
I32, TWO = {"default": "int32"}, {"a": "int32", "b": "int32"}
STRING, FLOAT = {"default": "string"}, {"default": "float"}

# Type of the only input, request, its value.
VALUES = [
    pytest.param(
        "int32",
        '{"instances":[[1,2],[3,4],[5,6]]}',
        [[1, 2], [3, 4], [5, 6]],
        id="D01",
    ),
    pytest.param(
        "int32",
        '{"instances":[1],"nested":' + VERY_DEEP + "}",
        [1],
        id="D02",
    ),
    pytest.param(
        "float",
        '{"instances":[1,2.0,3,4,5.003,0.007,0.0]}',
        [1, 2, 3, 4, 5.003, 0.007, 0],
        id="D04",
    ),
    pytest.param(
        "double",
        '{"instances":[1.0,2,3,4,0.662,0,0.0]}',
        [1, 2, 3, 4, 0.662, 0, 0],
        id="D05",
    ),
    pytest.param(
        "float",
        '{"instances":[1435774380,1435774380.0]}',
        [1435774336, 1435774336],
        id="D06",
    ),
    pytest.param(
        "float",
        '{"instances":[1.7976931348623157e308,-1.7976931348623157e308]}',
        [np.inf, -np.inf],
        id="D07",
    ),
    pytest.param(
        "float",
        '{"instances":[2.2250738585072014e-308,-2.2250738585072014e-308]}',
        [0.0, -0.0],
        id="D08",
    ),
    pytest.param(
        "int32",
        '{"instances":[[1,2],[3,4],[5,6]]}X{',
        [[1, 2], [3, 4], [5, 6]],
        id="D10",
    ),
    pytest.param(
        "string",
        f'{{"instances":[{HELLO},{WORLD}]}}',
        [b"hello", b"world"],
        id="D11",
    ),
    pytest.param(
        "string",
        f'{{"instances":[[{HELLO}],[{WORLD}]]}}',
        [[b"hello"], [b"world"]],
        id="D12",
    ),
    pytest.param(
        "string",
        f'{{"instances":[{{"default":[[{HELLO}],[{WORLD}]]}}]}}',
        [[[b"hello"], [b"world"]]],
        id="D13",
    ),
]
# What stands behind `inputs`: one input named int_tensor.
COLUMNS = [
    pytest.param('{"int_tensor":[[[1,2],[3,4],[5,6]]]}', id="D15"),
    pytest.param("[[[1,2],[3,4],[5,6]]]", id="D15-plain"),
    pytest.param('{"int_tensor":[[[1,2],[3,4],[5,6]]],"z":0}', id="D38"),
]
# Types of the inputs, request, a part of the message.
REFUSED_VALUES = [
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
        "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
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
]
