"""JSON beyond the standard, and bodies made to take long."""

import gc
import json
import re
import sys
import time
import tracemalloc

import pytest
from fake_servables import signature
from predict_requests import decode, only

from accel_tf.serving import json_numbers
from accel_tf.serving.json_parsing import parse_json
from accel_tf.serving.json_tensors import parse_predict_request
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


NUMBERS = ",".join(map(str, range(300)))
HALVES = ",".join(f"{each}.5" for each in range(300))
MIXED = f"{NUMBERS},0.5"
LARGE = "NaN,-NaN,Inf,-Inf,Infinity,1e400"
SIZE = 140_000


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        ("int64", f'{{"instances":[{NUMBERS}]}}'),
        ("int64", f'{{"inputs":[[{NUMBERS}],\n[{NUMBERS}]]}}'),
        ("uint8", f'{{"inputs":{{"x" : [{NUMBERS}]}},"y":1}}'),
        ("float", f'{{"inputs":[[[{HALVES}]],[[{HALVES}]]]}}'),
        (
            "float",
            f'{{"instances":[{MIXED},{LARGE}]}}',
        ),
        ("double", f'{{"instances":[{{"x":[{MIXED}]}},{{"x":[{MIXED}]}}]}}'),
        ("int64", f'{{"inputs":[{NUMBERS},{2**63 - 1},{-(2**63)}]}}'),
        ("uint64", f'{{"inputs":[{NUMBERS},{2**64 - 1}]}}'),
        ("float", f'{{"inputs":[{NUMBERS},1{"0" * 400}]}}'),
        ("string", f'{{"a":[{NUMBERS}],"inputs":["b: [{NUMBERS}]"]}}'),
        # What is refused.
        ("int32", f'{{"inputs":[{MIXED}]}}'),
        ("int32", f'{{"instances":[[{NUMBERS}],[{NUMBERS[:-3]}2147483648]]}}'),
        ("int64", f'{{"instances":[[{NUMBERS},2],[{NUMBERS},1.5]]}}'),
        ("uint32", f'{{"instances":[{{"x":[{NUMBERS},-1]}}]}}'),
        (
            "int32",
            f'{{"instances":[{{"x":[{NUMBERS}]}},{{"x":[{NUMBERS},1]}}]}}',
        ),
        ("bool", f'{{"instances":[{NUMBERS}]}}'),
        ("string", f'{{"inputs":[{NUMBERS}]}}'),
        ("half", f'{{"inputs":[{MIXED}]}}'),
        ("float", f'{{"inputs":[[{NUMBERS}],[1]]}}'),
        ("float", f'{{"inputs":[[{NUMBERS}],1]}}'),
        ("float", f'{{"inputs":[[{NUMBERS}],3[{NUMBERS}]]}}'),
        ("float", f'{{"inputs":[{NUMBERS},]}}'),
        ("float", f'{{"inputs":[{NUMBERS},,1]}}'),
        ("float", f'{{"inputs":[{NUMBERS},01]}}'),
        ("float", f'{{"inputs":[{NUMBERS} 1]}}'),
        ("float", f'{{"inputs":[{NUMBERS}'),
        ("float", f'{{"signature_name":[{NUMBERS}],"inputs":[1]}}'),
        ("float", f'{{"a":[{NUMBERS}],"inputs":x}}'),
        ("float", f'{{"a":[{NUMBERS}],"inputs":[1],"b":"\udc80"}}'),
    ],
)
def test_lists_of_numbers_are_read_as_any_others(monkeypatch, dtype, text):
    """Those that are cut out of a document, one long enough or not."""
    body = text.encode("utf-8", "surrogateescape")
    monkeypatch.setattr(json_numbers, "_PIECE_BYTES", 100)
    found = outcome(body, dtype)
    monkeypatch.setattr(json_numbers, "_LIST", re.compile(b"(?!)()"))
    assert found == outcome(body, dtype)


def outcome(body, dtype):
    try:
        request = decode(body, x=dtype)
    except ServingError as error:
        return error.code, error.message
    array = request.inputs["x"]
    values = [repr(each) for each in array.reshape(-1).tolist()]
    return array.dtype, array.shape, values


@pytest.mark.parametrize("share", [1, 1 / 8])
@pytest.mark.parametrize(
    ("dtype", "start", "unit", "end"),
    [
        ("float", '{"inputs":[', "[],", "[]]}"),
        ("float", '{"inputs":[', "{},", "{}]}"),
        ("int64", '{"inputs":[', "1,", "1]}"),
        ("uint8", '{"inputs":[', "300,", "1]}"),
        ("float", '{"inputs":[', "1.5,", "1]}"),
        ("float", '{"instances":[', "[1,2.5],", "[1,2]]}"),
        ("float", '{"inputs":1,"a":["b",', "1.5,", "1]}"),
        ("string", '{"inputs":[', '"ab",', '""]}'),
        ("string", '{"inputs":[', '"a longer string",', '""]}'),
        ("string", '{"inputs":[', '"\U0001f600",', '""]}'),
        ("string", '{"inputs":"\U0001f600', "x", '"}'),
        ("float", '{"inputs":1,', '"a%d":0,', '"":0}'),
        ("float", '{"inputs":1,', '"a":0,', '"":0}'),
        ("float", "", '{"a":', '"inputs":0}'),
        ("float", '{"inputs":1,"a":', "[", "]"),
        ("float", '{"inputs":1,"a":Inf,"b":', "[1,", "]"),
        ("float", '{"instances":[', '{"x":1},', '{"x":1}]}'),
        ("string", '{"inputs":[', '{"b64":"YQ=="},', '""]}'),
        ("float", '{"inputs":1,"a":[[],', "true,", "1]}"),
    ],
)
def test_memory_is_bounded_by_the_body(dtype, start, unit, end, share):
    """Ten times the document at most, itself included."""
    count = int(share * SIZE) // len(unit)
    units = "".join(unit.replace("%d", str(each)) for each in range(count))
    filling = f'{{"":"{"x" * int((1 - share) * SIZE)}",'
    body = (filling + (start + units + end).removeprefix("{")).encode()
    tracemalloc.start()
    try:
        decode(body, x=dtype)
    except ServingError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 9 * len(body)


def test_an_option_says_what_objects_may_take():
    body = b'{"inputs":["b"],"a":[' + b"[]," * 40_000 + b"1]}"
    takes = signature(x="string")
    with pytest.raises(ServingError, match="would take about .* may take 1048"):
        parse_predict_request(body, lambda _: takes)
    parse_predict_request(body, lambda _: takes, memory=10**7)
