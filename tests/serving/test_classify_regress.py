"""Rows C of the conformance table: classify and regress."""

import json

import numpy as np
import pytest

from accel_tf.serving.example_messages import encode_example
from accel_tf.serving.json_examples import (
    encode_classify_response,
    encode_regress_response,
    parse_examples_request,
)
from accel_tf.serving.tensors import ServingError


def parse(text):
    return parse_examples_request(text.encode())


def test_c01_examples():
    request = parse(
        '{"examples":[{"names":["a",{"b64":"aGk="}],"ratios":[0.5,1.5],'
        '"age":40},{"names":"c","ratios":2.0,"age":[-1,9]}]}'
    )
    assert request.signature_name == "" and request.context is None
    assert request.examples == [
        {"names": [b"a", b"hi"], "ratios": [0.5, 1.5], "age": [40]},
        {"names": [b"c"], "ratios": [2.0], "age": [-1, 9]},
    ]


def test_c02_examples_with_context():
    request = parse(
        '{"signature_name":"s","context":{"x":[NaN,Infinity],"y":{"b64":'
        '"aGk="}},"examples":[{"z":[1,true,false],"y":[]}]}'
    )
    assert request.signature_name == "s"
    assert np.isnan(request.context["x"][0])
    assert request.context["x"][1] == float("inf")
    assert request.context["y"] == [b"hi"]
    assert request.examples == [{"z": [1, 1, 0], "y": []}]
    assert all(type(value) is int for value in request.examples[0]["z"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            '{"signature_name":["a"],"examples":[{"x":1}]}',
            "'signature_name' key must be a string",
            id="C03",
        ),
        pytest.param(
            '{"context":[1],"examples":[{"x":1}]}',
            "Example must be JSON object",
            id="C04",
        ),
        pytest.param(
            '{"examples":[{"x":1},[1]]}',
            "Example must be JSON object but got JSON type: Array",
            id="C04-example",
        ),
        pytest.param('{"examples":{"x":1}}', "list/array", id="C05"),
        pytest.param(
            '{"examples":[{"names":[10,null]}]}',
            "unexpected JSON type: Null",
            id="C06",
        ),
        pytest.param(
            '{"examples":[{"names":[10,{"test":10}]}]}',
            "unexpected JSON type: Object",
            id="C06-object",
        ),
        pytest.param(
            '{"examples":[{"names":[[10],20]}]}',
            "unexpected JSON type: Array",
            id="C06-array",
        ),
        pytest.param(
            '{"examples":[{"names":[10,10.0]}]}',
            "feature: names expecting type: int64",
            id="C07",
        ),
        pytest.param(
            '{"examples":[{"names":[20,18446744073709551603]}]}',
            "Only int64_t is supported",
            id="C08",
        ),
        pytest.param('{"x":1}', "Missing 'examples' key", id="no-examples"),
        pytest.param('{"examples":[]}', "No values", id="empty"),
        pytest.param(
            '{"examples":[{"x":{"b64":"a"}}]}', "base64 decode", id="base64"
        ),
        pytest.param(
            '{"examples":[{"x":[0.5,"a"]}]}',
            "feature: x expecting type: float but got: string",
            id="mixed",
        ),
    ],
)
def test_request_errors(text, message):
    with pytest.raises(ServingError) as caught:
        parse(text)
    assert message in caught.value.message
    assert caught.value.code == "INVALID_ARGUMENT"


def test_c09_classification_result():
    outputs = {
        "scores": np.array([[0.2, 9.8], [0.5, np.nan]], np.float32),
        "classes": np.array([[b"car", b"dog"], [b"a", b"b"]], object),
    }
    assert encode_classify_response(outputs) == (
        b'{"results": [[["car", 0.2], ["dog", 9.8]], [["a", 0.5], ["b", NaN]]]}'
    )
    del outputs["scores"]
    assert json.loads(encode_classify_response(outputs))["results"][0] == [
        ["car", 0.0],
        ["dog", 0.0],
    ]


def test_c10_regression_result():
    values = np.array([0.2, np.inf, -np.inf, np.nan], np.float32)
    expected = b'{"results": [0.2, Infinity, -Infinity, NaN]}'
    assert encode_regress_response({"outputs": values}) == expected
    assert encode_regress_response({"outputs": values[:, None]}) == expected


@pytest.mark.parametrize(
    ("encode", "outputs", "message"),
    [
        pytest.param(
            encode_classify_response,
            {"scores": np.zeros((0, 2), np.float32)},
            "empty ClassificationResults",
            id="C11",
        ),
        pytest.param(
            encode_regress_response,
            {"outputs": np.zeros(0, np.float32)},
            "empty RegressionResults",
            id="C11-regress",
        ),
        pytest.param(
            encode_classify_response,
            {"y": np.zeros((1, 1))},
            "'scores' or 'classes'",
            id="no-classes",
        ),
        pytest.param(
            encode_classify_response,
            {"scores": np.zeros(3)},
            "got scores [3] and classes [3]",
            id="classes-shape",
        ),
        pytest.param(
            encode_regress_response,
            {"y": np.zeros(1)},
            "'outputs'",
            id="no-outputs",
        ),
        pytest.param(
            encode_regress_response,
            {"outputs": np.zeros((2, 3))},
            "got [2, 3]",
            id="outputs-shape",
        ),
    ],
)
def test_result_errors(encode, outputs, message):
    with pytest.raises(ServingError) as caught:
        encode(outputs)
    assert message in caught.value.message


def test_messages_are_those_of_tensorflow():
    import tensorflow as tf

    features = {
        "bytes": [b"", b"\xff" * 300],
        "floats": [0.5, -1e300, float("nan")],
        "integers": [0, -1, 2**63 - 1, -(2**63), 300],
        "é": [],
    }
    example = tf.train.Example.FromString(encode_example(features))
    found = example.features.feature
    assert set(found) == set(features)
    assert list(found["bytes"].bytes_list.value) == features["bytes"]
    np.testing.assert_array_equal(
        found["floats"].float_list.value, [0.5, -np.inf, np.nan]
    )
    assert list(found["integers"].int64_list.value) == features["integers"]
    assert found["é"].WhichOneof("kind") is None


def test_context_reaches_every_example():
    import tensorflow as tf

    request = parse('{"context":{"a":1,"b":2},"examples":[{"b":3},{"c":"x"}]}')
    first, second = (
        {
            name: list(feature.int64_list.value)
            for name, feature in tf.train.Example.FromString(
                message
            ).features.feature.items()
        }
        for message in request.serialized()
    )
    assert first == {"a": [1], "b": [3]}
    assert second == {"a": [1], "b": [2], "c": []}
