"""Rows D of the conformance table: predict requests that are refused.

The table follows the behaviour of TensorFlow Serving's sources and tests;
the ids are its rows.
"""

import pytest
from json_cases import FLOAT, I32, REFUSED_VALUES, STRING
from predict_requests import decode, only

from accel_tf.serving.tensors import ServingError

DEEP = "[" * 5_000 + "]" * 5_000


@pytest.mark.parametrize(
    ("dtypes", "text", "message"),
    [
        *REFUSED_VALUES,
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
