"""What one request may ask for: rows, images, bodies and answers."""

import base64
import gzip
import json
import struct

import numpy as np
import pytest
from rest_cases import HALF, ONE
from rest_requests import ask, ask_json

from accel_tf.serving.current_request import current_request
from accel_tf.serving.request_limits import RequestLimits


def test_compressed_body():
    headers = {"content-ENCODING": "GZIP", "Content-Type": "text/css"}
    body = gzip.compress(ONE)
    path = HALF + ":predict"
    assert ask_json("POST", path, body, headers)[0] == 200
    noise = np.random.default_rng(0).bytes(600_000).hex().encode()
    limits = RequestLimits(inflated_bytes=2 * 10**6, inflation=3)
    for taken in (ONE + b" " * 10**6, ONE + noise):
        taken = gzip.compress(taken, 1)
        assert ask("POST", path, taken, headers, limits=limits).status == 200
    for bad, message in (
        (ONE, "is not gzip"),
        (b"", "cut short"),
        (body[:-3], "cut short"),
        (gzip.compress(ONE + b" " * 2**20), "more than 3 times its size"),
        (gzip.compress(noise + noise, 1), "more than 2000000 bytes"),
    ):
        status, answer = ask_json("POST", path, bad, headers, limits=limits)
        assert status == 400 and message in answer["error"]


def test_an_inflated_body_counts_as_memory():
    taken = []
    body = gzip.compress(ONE + b" " * 10**6)
    headers = {"Content-Encoding": "gzip"}
    with current_request(taken.append, lambda: False):
        assert ask("POST", HALF + ":predict", body, headers).status == 200
    assert sum(taken) >= 10**6 and max(taken) <= 2**18


def test_rows_are_limited():
    limits = RequestLimits(rows=3)

    def error(signature, inputs):
        body = json.dumps({"signature_name": signature, "inputs": inputs})
        path = "/v1/models/echo:predict"
        _, answer = ask_json("POST", path, body.encode(), limits=limits)
        return answer.get("error")

    assert error("int64", [1] * 1000) is None
    assert error("string", ["a"] * 3) is None
    expected = "a request has at most 3"
    assert error("string", ["a"] * 4) == f"x has 4 rows; {expected}"
    assert error("string", [["a", "b"]] * 2) == f"x has 4 rows; {expected}"
    inputs = {"image_bytes": ["a"], "id": [1] * 4, "force": [True]}
    assert error("frames", inputs) == f"id has 4 rows; {expected}"
    assert error("ids", {"stream_id": [0] * 4}).startswith("stream_id has 4")
    document = {"signature_name": "regress_x_to_y", "examples": [{}] * 4}
    examples = json.dumps(document).encode()
    status, answer = ask_json(
        "POST", HALF + ":regress", examples, limits=limits
    )
    assert status == 400 and "4 rows" in answer["error"]


def test_answers_are_limited_before_they_are_written():
    body = json.dumps({"instances": [0.5] * 1000}).encode()
    limits = RequestLimits(answer_bytes=10_000)
    path = "/v1/models/echo:predict"
    status, answer = ask_json("POST", path, body, limits=limits)
    assert status == 400
    assert "about 12004 bytes, and may have 10000" in answer["error"]
    assert ask("POST", path, body).status == 200


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (["100x200", "8x128", "128x8"], None),
        (
            ["16384x16"],
            "x_bytes[0] is 16384x16; a frame has a side",
        ),
        (
            ["8x8", "8x129"],
            "x_bytes[1] is 8x129; a frame has a side",
        ),
        (
            ["4096x16385"],
            "x_bytes[0] is 4096x16385; a frame has sides of",
        ),
        (["1000x1000"] * 2, "images have more than 1500000 pixels together"),
    ],
)
@pytest.mark.parametrize("kind", ["png", "jpeg", "gif"])
def test_images_are_limited_by_their_headers(kind, sizes, message):
    images = []
    for size in sizes:
        height, width = map(int, size.split("x"))
        images.append(base64.b64encode(HEADERS[kind](height, width)).decode())
    body = json.dumps(
        {
            "signature_name": "bytes",
            "inputs": [{"b64": each} for each in images],
        }
    )
    limits = RequestLimits(pixels=1_500_000)
    _, answer = ask_json(
        "POST", "/v1/models/echo:predict", body.encode(), limits=limits
    )
    assert message in answer["error"] if message else "error" not in answer


def test_a_file_of_segments_alone_takes_no_time():
    segments = b"\xff\x01" * 20_000
    image = base64.b64encode(b"\xff\xd8" + segments).decode()
    body = {"signature_name": "bytes", "inputs": [{"b64": image}]}
    _, answer = ask_json(
        "POST", "/v1/models/echo:predict", json.dumps(body).encode()
    )
    assert "x_bytes[0] has 10000 segments and no size" in answer["error"]


HEADERS = {
    "png": lambda height, width: (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height)
    ),
    # A thumbnail's start within other metadata is passed over.
    "jpeg": lambda height, width: (
        b"\xff\xd8\xff\xe1\0\x0a\xff\xc0\0\x11\x08\0\x01\0\xff\xff\xc2"
        + struct.pack(">HBHHB", 11, 8, height, width, 3)
    ),
    "gif": lambda height, width: b"GIF89a" + struct.pack("<HH", width, height),
}
