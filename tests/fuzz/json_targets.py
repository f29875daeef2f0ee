"""JSON of requests: documents, tensors, examples."""

import contextlib
import json
import math
import re
from unittest import mock

import numpy as np
from fake_servables import echo
from fuzz.hostile_requests import BASE64, DOCUMENTS, NUMBERS, STRINGS
from fuzz.target import Target

from accel_tf.serving import json_numbers, json_tensors
from accel_tf.serving.json_encoding import encode_predict_response
from accel_tf.serving.json_examples import parse_examples_request
from accel_tf.serving.json_parsing import parse_json
from accel_tf.serving.json_tensors import parse_predict_request
from accel_tf.serving.tensors import ServingError

CODES = {"INVALID_ARGUMENT", "UNIMPLEMENTED", "NOT_FOUND"}
WORDS = tuple(
    each.encode("utf-8", "surrogatepass")
    for each in [*NUMBERS, *STRINGS, *BASE64, *'{}[],:"\\']
    if len(each) < 100
)
_SIGNATURES = echo().signatures


def _refused(error):
    assert error.code in CODES, error.code
    # The parser's own words may quote a body's line end; the rest is a line.
    assert error.message
    return "refused"


# === Documents ===


def run_document(data):
    """Reads a document beside Python's own reader."""
    expected = _by_python(data)
    try:
        value = parse_json(data)
    except ServingError as error:
        assert expected is _NONE, f"refused: {error.message}"
        return _refused(error)
    if expected is not _NONE:
        assert _same(value, expected)
        assert _same(parse_json(json.dumps(value).encode()), expected)
    return "read" if expected is _NONE else "read as by Python"


_NONE = object()


def _first_of_each_key(pairs):
    result = {}
    for key, value in pairs:
        result.setdefault(key, value)
    return result


def _no_constant(name):
    raise ValueError(name)


def _by_python(data):
    """The value of a document of the standard; `_NONE` for another."""
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_first_of_each_key,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError):
        return _NONE


def _same(one, other):
    """Equal, of equal types at every place; without recursion."""
    waiting = [(one, other)]
    while waiting:
        one, other = waiting.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, dict):
            if list(one) != list(other):
                return False
            waiting += zip(one.values(), other.values(), strict=True)
        elif isinstance(one, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif isinstance(one, float):
            same = one == other or (math.isnan(one) and math.isnan(other))
            if not same or math.copysign(1, one) != math.copysign(1, other):
                return False
        elif one != other:
            return False
    return True


def _document_seeds():
    rich = {
        "numbers": [0, -1, 2.5, -1e-7, 1e300, 2**63, -(2**63)],
        "strings": ["", 'a"b\\c\n\u00e9\U0001f600', "[1,{2}]"],
        "others": [True, False, None, [], {}, [[]], {"a": {"b": [1]}}],
        "": {"": 0},
    }
    texts = [json.dumps(rich), json.dumps(rich, indent=1), "[NaN,-Inf,1e999]"]
    texts += [each for each in DOCUMENTS if len(each) > 8]
    return [text.encode() for text in texts]


# === Predict requests ===


def run_predict(data):
    """Decodes a request to any signature; what it holds, is written back."""
    request = _parsed(data)
    for way in (_short_boxes, _no_boxes):
        with way():
            _check_same(_parsed(data), request)
    if isinstance(request, ServingError):
        return _refused(request)
    assert request.inputs.keys() == _find(request.signature_name).inputs.keys()
    if request.inputs:
        _check_again(request)
    return "read"


def _find(name):
    if name in _SIGNATURES:
        return _SIGNATURES[name]
    if name:
        raise ServingError("NOT_FOUND", "no such signature")
    return _SIGNATURES["serving_default"]


def _parsed(data):
    """A `PredictRequest`, or the error that there is instead."""
    try:
        return parse_predict_request(data, _find)
    except ServingError as error:
        return error


@contextlib.contextmanager
def _short_boxes():
    """While it lasts, short lists of numbers go the way of long ones."""
    longer, shorter = (
        b"{%d,}" % least for least in (json_numbers._LEAST_BYTES, 2)
    )
    pattern = json_numbers._LIST.pattern.replace(longer, shorter)
    with (
        mock.patch.object(json_numbers, "_LIST", re.compile(pattern)),
        mock.patch.object(json_numbers, "_PIECE_BYTES", 4),
    ):
        yield


def _no_boxes():
    """While it lasts, all lists go the way of short ones."""
    return mock.patch.object(json_tensors, "parse_request_body", parse_json)


def _check_same(one, other):
    if isinstance(one, ServingError) or isinstance(other, ServingError):
        # Of two faults either may be told.
        assert isinstance(one, ServingError) and isinstance(other, ServingError)
        assert one.code == other.code
        return
    assert one.signature_name == other.signature_name
    assert one.is_row == other.is_row
    assert list(one.inputs) == list(other.inputs)
    for name, array in one.inputs.items():
        np.testing.assert_array_equal(array, other.inputs[name], strict=True)


def _check_again(request):
    try:
        text = encode_predict_response(request.inputs, False)
        document = json.loads(text)
    except (ServingError, UnicodeDecodeError):
        return  # Strings that are not text; JSON cannot hold them.
    document = {
        "signature_name": request.signature_name,
        "inputs": document["outputs"],
    }
    again = _parsed(json.dumps(document).encode())
    for name, array in request.inputs.items():
        np.testing.assert_array_equal(again.inputs[name], array, strict=True)


def _predict_seeds():
    image = {"b64": "/9j/4AAQSkZJRgABAQ=="}
    values = {
        "serving_default": [1.0, 2, -5.5e-3],
        "int32": [[1, 2], [3, 4]],
        "uint8": [[1], [255]],
        "int64": -(2**63),
        "double": [1, 1e-9],
        "bool": [True, False],
        "string": ["text", {"b64": "aGk="}],
        "bytes": [image],
        "frames": {"image_bytes": image, "id": 1, "force": False},
        "half": [1.5],
        "nothing": {},
    }
    documents = []
    for name, value in values.items():
        documents.append({"signature_name": name, "inputs": value})
        rows = value if isinstance(value, list) else [value, value]
        documents.append({"signature_name": name, "instances": rows})
    return [json.dumps(each).encode() for each in documents]


# === Examples ===


def run_examples(data):
    """Decodes a request to classify or regress, and makes messages of it."""
    try:
        request = parse_examples_request(data)
    except ServingError as error:
        return _refused(error)
    assert len(request.serialized()) == len(request.examples) > 0
    return "read"


def _examples_seeds():
    documents = [
        {
            "signature_name": "regress_x_to_y",
            "context": {"y": ["a", {"b64": "aGk="}]},
            "examples": [{"x": 80.0}, {"x": [1.5], "z": [1, True]}],
        },
        {"examples": [{"x": 20.0, "\u00e9": [-(2**63), 5]}, {"x": "text"}]},
        {"examples": [{}], "context": {}},
    ]
    return [json.dumps(each).encode() for each in documents]


JSON = Target(
    run_document,
    _document_seeds,
    words=WORDS,
    outcomes=frozenset({"read", "refused", "read as by Python"}),
)
PREDICT = Target(run_predict, _predict_seeds, words=WORDS)
EXAMPLES = Target(run_examples, _examples_seeds, words=WORDS)
