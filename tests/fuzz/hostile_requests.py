"""Hostile requests to a server with TensorFlow Serving's REST API.

Malformed JSON, wrong types, huge numbers, deep nesting, wrong base64, unknown
names, invalid UTF-8, compressed rubbish, odd addresses, methods and headers,
and small changes to requests that are right. The same seed gives the same
requests.
"""

import copy
import gzip
import json
import random

from fuzz.mutations import changed

NUMBERS = (
    "0 -0 1 -1 255 256 2147483647 2147483648 -9223372036854775809 "
    "18446744073709551616 1e5 1.0 1e308 1e309 -1e400 1e-400 NaN Infinity "
    "-Infinity Inf -Inf -NaN 01 1. .5 +1 0x10 1e 1_000 - --1 nan inf True None"
).split() + ["9" * 400, "9" * 5000, "0." + "3" * 2000, "1" + "0" * 310]

STRINGS = [
    '""',
    '"b64"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\x41"',
    '"\\u12"',
    '"\n"',
    '"unfinished',
    "'single'",
    '"../../etc"',
    '"' + "long" * 500 + '"',
]

BASE64 = [
    '{"b64":""}',
    '{"b64":"aGk="}',
    '{"b64":"aGk"}',
    '{"b64":"a"}',
    '{"b64":"===="}',
    '{"b64":"a=Gk"}',
    '{"b64":"\u00e9"}',
    '{"b64":"_-_-"}',
    '{"b64":" a G k = "}',
    '{"b64":1}',
    '{"b64":null}',
    '{"b64":["aGk="]}',
    '{"b64":{"b64":"aGk="}}',
    '{"b64":"aGk=","x":1}',
    '{"b64":"aGk=","b64":"!"}',
    '{"b64":"' + "/9j/4AAQSkZJRg" * 50 + '"}',
]

DOCUMENTS = [
    "",
    " \t\r\n",
    "\ufeff{}",
    "{}",
    "[]",
    "null",
    "0",
    '"instances"',
    "{",
    "}",
    '{"instances"',
    '{"instances":',
    '{"instances":}',
    '{"instances":[',
    '{"instances":[1}',
    '{"instances":[1,]}',
    '{"instances":[,1]}',
    '{"instances":[1 2]}',
    '{"instances":[1]',
    '{"instances":[1],}',
    "{'instances':[1]}",
    "{instances:[1]}",
    '{"instances":[1]} {"instances":[2]}',
    '{"instances":[1]}\x00',
    '{"instances":[1],"inputs":1}',
    '{"instances":[1],"instances":"x"}',
    '{"instances":{}}',
    '{"instances":null}',
    '{"inputs":null}',
    '{"inputs":{}}',
    '{"inputs":[[],[1]]}',
    '{"inputs":[[[]],[[]]]}',
    '{"examples":[]}',
    '{"examples":{}}',
    '{"examples":[[]]}',
    '{"examples":[{"x":null}]}',
    '{"examples":[{"x":{}}],"context":1}',
    "// comment\n{}",
    '{"instances":[1] /* comment */}',
]

NAMES = [
    "",
    "x",
    "signature_name",
    "instances",
    "inputs",
    "examples",
    "b64",
    "\u00e9",
    "a" * 300,
    "__class__",
    "serving_default",
]

PATHS = (
    """/ /v1 /v1/ /v1// /V1/MODELS /v1/models /v1/models/ /v1/models//
/v1/models/: /v1/models/:predict /v1/models/x:predict:predict
/v1/models/x/versions/:predict /v1/models/x/versions/-1:predict
/v1/models/x/versions/1e3:predict /v1/models/x/versions/99999999999999999999
/v1/models/x/versions/1/labels/a:predict /v1/models/x/labels/:predict
/v1/models/x/labels/a%2Fb /v1/models/%00:predict /v1/models/%:predict
/v1/models/%zz:predict /v1/models/%ff%fe/metadata /v1/models/../../etc/passwd
/v1/models/x/metadata/metadata /v1/models/x?a=b /v1/models?name=x
//v1/models/x http://host/v1/models/x * /v1/models/x#y
/v1/models/\u00e9:predict /v1/models/x/versions/\u0661 /index.html
/monitoring/prometheus/metrics /favicon.ico""".split()
    + [
        "",
        "/v1/models/x\n:predict",
        "/v1/models/" + "a" * 5000 + ":predict",
        "/v1/models/x/versions/" + "1" * 5000,
        "/v1/" + "/" * 5000,
    ]
)

METHODS = [
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "get",
    "TRACE",
    "",
]

HEADERS = [
    {"Content-Encoding": "gzip"},
    {"content-encoding": "GZIP"},
    {"Content-Encoding": "deflate"},
    {"Content-Encoding": ""},
    {"Origin": "https://example.org"},
    {"Origin": "null"},
    {"Content-Type": "text/html; charset=utf-16"},
    {"Accept": "image/png"},
    {"Content-Length": "-1"},
    {"X" * 500: "y" * 500},
]


def hostile_requests(count, seed, right_requests):
    """Makes requests of which few are as they should be.

    Args:
        count: how many.
        seed: int; the same one gives the same requests.
        right_requests: list of (path, body), POST requests that a server
            answers: a str and the bytes of a JSON document. They are what the
            hostile ones are made of.

    Yields:
        (method, path, headers, body): str, str, dict and bytes.
    """
    rng = random.Random(seed)
    kinds = [
        _changed_bytes,
        _changed_values,
        _new_document,
        _known_document,
        _deep_document,
        _compressed,
        _odd_address,
        _right_request,
    ]
    for _ in range(count):
        # Deep documents take the longest.
        kind = rng.choices(kinds, [6, 6, 4, 2, 0.3, 1, 2, 0.3])[0]
        path, body = rng.choice(right_requests)
        request = kind(rng, path, body)
        if rng.random() < 0.05:
            method, path, headers, body = request
            request = method, path, {**headers, **rng.choice(HEADERS)}, body
        yield request


def _right_request(rng, path, body):
    return "POST", path, {}, body


def _changed_bytes(rng, path, body):
    words = b'{ } [ ] , : " \\ \x00 \xff \x80 1 8 e n'.split(b" ")
    return "POST", path, {}, changed(rng, body, words)


def _changed_values(rng, path, body):
    """Puts a hostile value at a random place of the document."""
    document = copy.deepcopy(json.loads(body))
    mark = "\ue000"
    for _ in range(rng.choice((1, 1, 1, 3))):
        container = document
        while True:
            keys = list(
                container
                if isinstance(container, dict)
                else range(len(container))
            )
            if not keys:
                break
            key = rng.choice(keys)
            inner = container[key]
            if isinstance(inner, (dict, list)) and rng.random() < 0.8:
                container = inner
                continue
            if isinstance(container, dict) and rng.random() < 0.3:
                container[rng.choice(NAMES)] = container.pop(key)
            elif isinstance(container, list) and rng.random() < 0.2:
                container.append(inner)
            else:
                container[key] = mark
            break
    text = json.dumps(document)
    marked = json.dumps(mark)
    while marked in text:
        text = text.replace(marked, _value(rng, 0), 1)
    return "POST", path, {}, text.encode("utf-8", "surrogatepass")


def _new_document(rng, path, body):
    members = [
        json.dumps(rng.choice(NAMES)) + ":" + _value(rng, 0)
        for _ in range(rng.randrange(4))
    ]
    text = "{" + ",".join(members) + "}" + rng.choice(("", "", "}", "x"))
    return "POST", path, {}, text.encode("utf-8", "surrogatepass")


def _value(rng, depth):
    kind = rng.randrange(4 if depth > 3 else 7)
    if kind == 0:
        return rng.choice(NUMBERS)
    if kind == 1:
        return rng.choice(STRINGS)
    if kind == 2:
        return rng.choice(BASE64)
    if kind == 3:
        return rng.choice(("true", "false", "null", "[]", "{}", "nul", "TRUE"))
    inner = [_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 6:
        members = (json.dumps(rng.choice(NAMES)) + ":" + v for v in inner)
        return "{" + ",".join(members) + "}"
    return "[" + ",".join(inner) + "]"


def _known_document(rng, path, body):
    if rng.random() < 0.2:
        return "POST", path, {}, rng.randbytes(rng.randrange(60))
    return "POST", path, {}, rng.choice(DOCUMENTS).encode()


def _deep_document(rng, path, body):
    depth = rng.choice((31, 32, 33, 100, 900, 1100, 5000, 20000))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}"), ('[{"":', "}]")))
    key = rng.choice(("instances", "inputs", "examples", "other"))
    text = f'{{"{key}":' + opening * depth + rng.choice(("", "1"))
    if rng.random() < 0.7:
        text += closing * depth + "}"
    return "POST", path, {}, text.encode()


def _compressed(rng, path, body):
    kind = rng.randrange(5)
    if kind == 1:
        body = bytes(1_000_000)
    body = gzip.compress(body, 1, mtime=0)
    if kind == 2:
        body = body[: rng.randrange(len(body))]
    elif kind == 3:
        body = bytearray(body)
        body[rng.randrange(len(body))] ^= rng.randrange(1, 256)
        body = bytes(body)
    elif kind == 4:
        body += rng.randbytes(20)
    return "POST", path, {"Content-Encoding": "gzip"}, body


def _odd_address(rng, path, body):
    choice = rng.random()
    if choice < 0.5:
        path = rng.choice(PATHS)
    elif choice < 0.8:
        at = rng.randrange(len(path))
        path = path[:at] + rng.choice("/:%?\u00e9 \n.2x") + path[at + 1 :]
    else:
        path = rng.choice(
            (
                path.upper(),
                path.partition(":")[0],
                path.partition(":")[0] + "/metadata",
                path.replace(":", "/versions/7:"),
                path.replace(":", "/labels/none:"),
            )
        )
    return rng.choice(METHODS), path, {}, rng.choice((b"", body))
