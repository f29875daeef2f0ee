"""JSON of requests: documents, tensors, examples."""

import json
import math

import numpy as np
from fake_servables import echo
from fuzz.hostile_requests import BASE64, DOCUMENTS, NUMBERS, STRINGS
from fuzz.target import Target

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

    def find_signature(name):
        if name in _SIGNATURES:
            return _SIGNATURES[name]
        if name:
            raise ServingError("NOT_FOUND", "no such signature")
        return _SIGNATURES["serving_default"]

    try:
        request = parse_predict_request(data, find_signature)
    except ServingError as error:
        return _refused(error)
    signature = find_signature(request.signature_name)
    assert request.inputs.keys() == signature.inputs.keys()
    if request.inputs:
        _check_again(request, signature, find_signature)
    return "read"


def _check_again(request, signature, find_signature):
    try:
        text = encode_predict_response(request.inputs, False)
        document = json.loads(text)
    except (ServingError, UnicodeDecodeError):
        return  # Strings that are not text; JSON cannot hold them.
    document = {
        "signature_name": request.signature_name,
        "inputs": document["outputs"],
    }
    again = parse_predict_request(json.dumps(document).encode(), find_signature)
    for name, array in request.inputs.items():
        np.testing.assert_array_equal(again.inputs[name], array, strict=True)
    assert not signature.inputs.keys() ^ again.inputs.keys()


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
