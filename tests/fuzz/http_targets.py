"""Requests of HTTP, one after the other as a connection brings them."""

import io

from fuzz.target import Target

from accel_tf.serving.http_request import HttpError, read_body, read_head

HEAD_LIMIT, BODY_LIMIT = 2_000, 5_000
STATUSES = {400, 413, 417, 431, 501, 505}


def run(data):
    """Reads requests to the end, or to the first that is none."""
    stream = io.BufferedReader(io.BytesIO(data))
    taken = []
    try:
        for count in range(len(data) + 1):
            head = read_head(stream, HEAD_LIMIT)
            body = head and read_body(stream, head, BODY_LIMIT, taken.append)
            if body is None:
                return "read" if count else "cut short"
            _check_request(head, body)
            _check_again(head, body)
    except HttpError as error:
        assert error.status in STATUSES, error.status
        assert error.message and "\n" not in error.message
        return "refused"
    raise AssertionError("more requests than bytes")


def _check_request(head, body):
    assert len(body) <= BODY_LIMIT
    assert head.content_length in (None, len(body))
    assert head.method.isascii() and head.method.isprintable()
    assert " " not in head.path and "\n" not in head.path
    for name, value in head.headers.items():
        assert name == name.lower() and ":" not in name
        assert not set(value) & set("\r\n\0")


def _check_again(head, body):
    """What was understood, written as it should be, is the same."""
    headers = dict(head.headers)
    if headers.pop("transfer-encoding", None):
        headers["content-length"] = str(len(body))
    version = "1.1" if "host" in headers else "1.0"
    lines = [f"{head.method} {head.path} HTTP/{version}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    data = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    stream = io.BufferedReader(io.BytesIO(data))
    again = read_head(stream, len(data))
    assert again.method == head.method and again.path == head.path
    # Of two, joined, the second may be empty.
    stripped = {name: value.strip(" \t") for name, value in headers.items()}
    assert again.headers == stripped
    assert read_body(stream, again, BODY_LIMIT) == body


def seeds():
    return [
        b"\r\nPOST /v1/models/m:predict?x=1 HTTP/1.1\r\nHost: a\r\n"
        b"Content-Length:  5 \r\nX: 1\r\nx: 2\r\n\r\nhello"
        b"GET http://host:1/v1/x HTTP/1.1\r\nHost: host:1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        b"Expect: 100-continue\r\n\r\n"
        b"5;name=value\r\nhello\r\nA\r\n, 10 bytes\r\n0\r\nTrailer: 1\r\n\r\n",
        b"OPTIONS * HTTP/1.0\nHost: b\nConnection: Keep-Alive\n\n",
    ]


HTTP = Target(
    run,
    seeds,
    words=(
        *b"GET|POST|HTTP/1.1|HTTP/1.0|HTTP/2.0|Host: a|Connection: close|"
        b"Content-Length: 3|Content-Length: 99999999999999999999|\r\n|\r\n\r\n|"
        b"Transfer-Encoding: chunked|0\r\n\r\n|ffffffffffffffff\r\n|;|:|, |"
        b"Expect: 100-continue|http://h/|\x00|\xff".split(b"|"),
    ),
    factor=100,
    outcomes=frozenset({"read", "refused", "cut short"}),
)
