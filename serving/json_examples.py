"""Classify and regress requests, whose inputs are lists of features.

Their models take serialised `tf.train.Example` messages. A feature is a list
of integers, of numbers with a decimal point, or of strings.
"""

import dataclasses

import numpy as np

from accel_tf.serving.example_messages import encode_example
from accel_tf.serving.json_encoding import float_tokens, string_tokens
from accel_tf.serving.json_parsing import parse_json, type_name
from accel_tf.serving.json_tensors import check_request
from accel_tf.serving.json_values import decode_string, is_base64
from accel_tf.serving.tensors import invalid


@dataclasses.dataclass(frozen=True)
class ExamplesRequest:
    """A classify or regress request.

    Attributes:
        signature_name: Name of the signature, empty for the default one.
        examples: A list of dicts, name of the feature -> list of int, of
            float or of bytes.
        context: Features that all examples share, or None.
    """

    signature_name: str
    examples: list[dict[str, list]]
    context: dict[str, list] | None = None

    def serialized(self):
        """The examples as messages: array `[N]` of the type object, bytes.

        An example's own feature hides the one of that name in the context.
        """
        array = np.empty(len(self.examples), object)
        array[:] = [
            encode_example({**(self.context or {}), **example})
            for example in self.examples
        ]
        return array


def parse_examples_request(body, memory=None):
    """Parses the body of a classify or regress request.

    Args:
        body: bytes, the JSON text.
        memory: as for `parse_json`.

    Returns:
        An `ExamplesRequest`.

    Raises:
        ServingError: INVALID_ARGUMENT; the text is no such request.
    """
    document = parse_json(body, memory)
    signature_name = check_request(document)
    context = None
    if "context" in document:
        context = _decode_example(document["context"])
    if "examples" not in document:
        raise invalid("Missing 'examples' key")
    examples = document["examples"]
    if not isinstance(examples, list):
        raise invalid(
            "Expecting 'examples' value to be an list/array, but got "
            f"{type_name(examples)}"
        )
    if not examples:
        raise invalid("No values in 'examples' array")
    return ExamplesRequest(
        signature_name,
        [_decode_example(example) for example in examples],
        context,
    )


def _decode_example(example):
    if not isinstance(example, dict):
        raise invalid(
            f"Example must be JSON object but got JSON type: "
            f"{type_name(example)}"
        )
    return {
        name: _decode_feature(name, value) for name, value in example.items()
    }


def _decode_feature(name, values):
    if not isinstance(values, list):
        values = [values]
    values = [_decode_value(name, value) for value in values]
    types = {int: "int64", float: "float", bytes: "string"}
    for value in values:
        if type(value) is not type(values[0]):
            raise invalid(
                f"Unexpected element type in feature: {name} expecting type: "
                f"{types[type(values[0])]} but got: {types[type(value)]}"
            )
    return values


def _decode_value(name, value):
    if isinstance(value, float):
        return value
    if isinstance(value, int):  # bool too: true is 1
        value = int(value)
        if -(2**63) <= value < 2**63:
            return value
        raise invalid(
            f"Feature: {name} has an integer out of range. Only int64_t is "
            "supported"
        )
    if isinstance(value, str) or is_base64(value):
        return decode_string(value)
    raise invalid(
        f"Feature: {name} has element with unexpected JSON type: "
        f"{type_name(value)}"
    )


def encode_classify_response(outputs):
    """Writes the answer of a classify request.

    Args:
        outputs: dict with `"scores"`, float array `[N, K]`, `"classes"`,
            array of bytes `[N, K]`, or both.

    Returns:
        bytes: a list of (class, score) for each of the N examples. Classes
        without names have an empty one, classes without scores 0.

    Raises:
        ServingError: INVALID_ARGUMENT; the outputs are no classification.
    """
    scores, classes = outputs.get("scores"), outputs.get("classes")
    if scores is None and classes is None:
        raise invalid("Expected classification outputs 'scores' or 'classes'")
    if scores is None:
        scores = np.zeros(np.shape(classes), np.float32)
    if classes is None:
        classes = np.full(np.shape(scores), b"", object)
    scores, classes = np.asarray(scores, np.float32), np.asarray(classes)
    if np.ndim(scores) != 2 or np.shape(scores) != np.shape(classes):
        raise invalid(
            "Expected classification outputs of shape [examples, classes], got "
            f"scores {list(np.shape(scores))} and classes "
            f"{list(np.shape(classes))}"
        )
    return _results(
        [
            "["
            + ", ".join(
                f"[{name}, {score}]"
                for name, score in zip(
                    string_tokens(names), float_tokens(row), strict=True
                )
            )
            + "]"
            for names, row in zip(classes, scores, strict=True)
        ],
        "ClassificationResults",
    )


def encode_regress_response(outputs):
    """Writes the answer of a regress request.

    Args:
        outputs: dict with `"outputs"`, float array `[N]` or `[N, 1]`.

    Returns:
        bytes: a list of N numbers.

    Raises:
        ServingError: INVALID_ARGUMENT; the outputs are no regression.
    """
    values = outputs.get("outputs")
    if values is None:
        raise invalid("Expected regression output 'outputs'")
    if np.ndim(values) not in (1, 2) or np.shape(values)[1:] not in ((), (1,)):
        raise invalid(
            "Expected regression output of shape [examples] or [examples, 1], "
            f"got {list(np.shape(values))}"
        )
    values = np.asarray(values, np.float32).reshape(-1)
    return _results(float_tokens(values), "RegressionResults")


def _results(tokens, kind):
    if not tokens:
        raise invalid(f"Cannot convert empty {kind} to JSON")
    text = '{"results": [' + ", ".join(tokens) + "]}"
    return text.encode("utf-8", "surrogateescape")
