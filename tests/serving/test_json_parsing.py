"""JSON beyond the standard, and bodies made to take long."""

import gc
import json
import sys
import time

import pytest
from predict_requests import decode, only

from accel_tf.serving.json_parsing import parse_json
from accel_tf.serving.tensors import ServingError

DEEP = "[" * 5_000 + "]" * 5_000


def test_both_parsers_agree():
    """The parser for odd documents reads an ordinary one as the usual does."""
    document = {
        "numbers": [0, -1, 2.5, -1e-7, 1e300, 2**63, -(2**63)],
        "strings": ["", 'a"b\\c\n\u00e9\U0001f600', "[1,{2}]"],
        "others": [True, False, None, [], {}, [[]], [{}], {"a": {"b": [1]}}],
        "": {"": 0},
    }
    for indent in (None, 1):
        usual = json.dumps(document, indent=indent)
        odd = usual.replace("true", "Inf", 1)
        expected = json.loads(usual)
        expected["others"][0] = float("inf")
        assert parse_json(usual.encode()) == json.loads(usual)
        assert parse_json(odd.encode()) == expected


def test_depth_is_limited(monkeypatch):
    monkeypatch.setattr("accel_tf.serving.json_parsing.MAX_DEPTH", 5_000)
    assert only('{"instances":[1],"nested":' + DEEP[1:-1] + "}").tolist() == [1]
    with pytest.raises(ServingError, match="more than 5000 levels deep"):
        decode("[[" + DEEP)


@pytest.mark.parametrize("digit_limit", [640, 0])
def test_time_grows_with_the_body_alone(digit_limit):
    """No short body takes long, whatever limit the program sets on int()."""
    bodies = {
        "long integer": '{"inputs":[' + "7" * 1_000_000 + "]}",
        "long fraction": '{"inputs":[0.' + "7" * 1_000_000 + "]}",
        "deep": '{"inputs":' + "[" * 50_000,
        "fault in the last row": '{"instances":['
        + "[1,2]," * 50_000
        + "[1,2,3]]}",
        "duplicate keys": "{" + '"a":0,' * 50_000 + '"inputs":[1]}',
        "long string": '{"inputs":"' + "\\u00e9" * 50_000 + '"}',
    }
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(digit_limit)
    # What other tests left is not to be searched for garbage meanwhile.
    gc.freeze()
    try:
        for name, body in bodies.items():
            start = time.thread_time()
            try:
                only(body, "int64")
            except ServingError:
                pass
            assert time.thread_time() - start < 1.5, name
    finally:
        gc.unfreeze()
        sys.set_int_max_str_digits(before)
