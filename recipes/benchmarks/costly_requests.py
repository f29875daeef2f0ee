"""Requests that cost a server most for the bytes that they have."""

import base64
import functools
import gzip
import struct
import zlib

import numpy as np

from accel_tf.serving.client_images import encode_frame

GZIP = {"Content-Encoding": "gzip"}
# What such a body may stand for: the server took up to 100 MiB once.
_INFLATED = 99 * 10**6
# Larger ones need not be compressed for that, and images are small.
_SMALL = 10**6


def costly_requests(size):
    """Makes them.

    Args:
        size: bytes of each, at most; about, for those that are compressed.

    Returns:
        dict of what a request is -> function without arguments that gives
        its body and its headers.
    """
    repeated = {
        "empty lists": ('"inputs":[', "[],", "[]]"),
        "empty objects": ('"inputs":[', "{},", "{}]"),
        "strings": ('"inputs":[', '"ab",', '""]'),
        "floats": ('"inputs":[', "1.5,", "1.5]"),
        "one key again and again": ('"inputs":1,', '"a":0,', '"a":0'),
        "rows": ('"instances":[', '{"stream_id":1},', '{"stream_id":1}]'),
        "a row of another type": ('"inputs":["",', "1.5,", "1.5]"),
        "infinities": ('"a":{"b":Inf},"c":[[],', "1,", "1]"),
        "a string of wide characters": ('"inputs":["\U0001f600', "x", '"]'),
        "one long key": ('"inputs":1,"', "k", '":0'),
        "one long number": ('"inputs":[1', "7", "]"),
        "base64": ('"inputs":[{"b64":"', "AAAA", '"}]'),
    }
    requests = {
        name: functools.partial(_repeated, *parts, size=size)
        for name, parts in repeated.items()
    }
    for signature in ("stats", "close"):
        start = f'"signature_name":"{signature}","inputs":{{"stream_id":['
        requests[f"ids for {signature}"] = functools.partial(
            _repeated, start, "1,", "1]}", size=size
        )
    requests |= {
        "lists in lists": lambda: _plain(
            '{"inputs":' + "[" * (size // 2 - 9) + "]" * (size // 2 - 9) + "}"
        ),
        "objects in objects": lambda: _plain(
            '{"a":' * (size // 6 - 1) + "1" + "}" * (size // 6 - 1)
        ),
        "distinct keys": lambda: _plain(
            '{"inputs":1'
            + "".join(f',"{n:06x}":0' for n in range(size // 11 - 2))
            + "}"
        ),
        "tiny images": functools.partial(_images, size),
    }
    if size > _SMALL:
        return requests
    return requests | {
        "gzip, empty lists": functools.partial(
            _compressed, '"inputs":[', "[],", "[]]", size
        ),
        "gzip, ids for stats": functools.partial(
            _compressed,
            '"signature_name":"stats","inputs":{"stream_id":[',
            "1,",
            "1]}",
            size,
        ),
        "gzip, spaces": functools.partial(
            _compressed, '"inputs":["a"],', " ", '"b":1', size
        ),
        "an image of 128x65500": lambda: _stream(_png(128, 65500)),
        "an image of 65500x128": lambda: _stream(_png(65500, 128)),
        "a JPEG image of 128x65500": lambda: _stream(_jpeg(128, 65500)),
        "a JPEG image of 65500x128": lambda: _stream(_jpeg(65500, 128)),
        "the widest image of 128 rows": lambda: _stream(_png(128, 2048)),
    }


def _plain(text):
    return text.encode(), {}


def _repeated(start, unit, end, size):
    count = max(1, (size - len(start) - len(end) - 9) // len(unit))
    return _plain("{" + start + unit * count + end + "}")


def _compressed(start, unit, end, size):
    # Some thousand to one is as far as it goes.
    inflated = min(_INFLATED, 950 * size)
    body, _ = _repeated(start, unit, end, inflated)
    return gzip.compress(body, 9), GZIP


def _images(size):
    image = f'{{"b64":"{base64.b64encode(_png(8, 8)).decode()}"}},'
    start = '"signature_name":"scores","inputs":{"image_bytes":['
    return _repeated(start, image, image[:-1] + "]}", size)


def stream_request():
    """A frame of a stream as anybody sends it: `(body, headers)`."""
    return _stream(_png(64, 96), stream_id=2)


def _stream(image, stream_id=1):
    text = base64.b64encode(image).decode()
    return _plain(
        f'{{"signature_name":"stream","inputs":{{"stream_id":[{stream_id}],'
        f'"force_key":[false],"image_bytes":[{{"b64":"{text}"}}]}}}}'
    )


def _jpeg(height, width):
    """A black image."""
    return encode_frame(np.zeros((height, width, 3), np.uint8), "jpeg")


def _png(height, width):
    """A black grey image."""

    def chunk(name, data):
        check = zlib.crc32(name + data)
        return (
            struct.pack(">I", len(data))
            + name
            + data
            + struct.pack(">I", check)
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(height * (width + 1)), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )
