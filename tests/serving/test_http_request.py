"""Requests of HTTP/1.1, read from bytes."""

import io

import pytest

from accel_tf.serving.http_request import HttpError, read_body, read_head


def read(data, head_limit=1000, body_limit=1000):
    stream = io.BufferedReader(io.BytesIO(data))
    head = read_head(stream, head_limit)
    return head, head and read_body(stream, head, body_limit)


def status(data, **limits):
    with pytest.raises(HttpError) as info:
        read(data, **limits)
    assert "\n" not in info.value.message
    return info.value.status


def test_reads_a_request():
    head, body = read(
        b"\r\nPOST /v1/models/m:predict?x=1 HTTP/1.1\r\nHost: a\r\n"
        b"Content-Length:  5 \r\nX: 1\r\nx: 2\r\n\r\nhello and more"
    )
    assert (head.method, head.path) == ("POST", "/v1/models/m:predict?x=1")
    assert head.headers == {"host": "a", "content-length": "5", "x": "1, 2"}
    assert head.keep_alive and not head.expects_continue
    assert body == b"hello"


def test_reads_a_body_in_chunks():
    _, body = read(
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5;name=value\r\nhello\r\nA\r\n, 10 bytes\r\n0\r\nTrailer: 1\r\n\r\n"
    )
    assert body == b"hello, 10 bytes"


@pytest.mark.parametrize(
    ("first_line", "header", "keep_alive"),
    [
        ("GET / HTTP/1.1", "X: 1", True),
        ("GET / HTTP/1.1", "Connection: Close", False),
        ("GET / HTTP/1.0", "X: 1", False),
        ("GET / HTTP/1.0", "Connection: Keep-Alive", True),
    ],
)
def test_who_closes_the_connection(first_line, header, keep_alive):
    head, _ = read(f"{first_line}\r\n{header}\r\n\r\n".encode())
    assert head.keep_alive is keep_alive


def test_an_address_may_name_the_host():
    assert read(b"GET http://host:1/v1/x HTTP/1.1\r\n\r\n")[0].path == "/v1/x"
    assert read(b"GET HTTP://host HTTP/1.1\r\n\r\n")[0].path == "/"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"GET /", 400),
        (b"GET  / HTTP/1.1", 400),
        (b"GET / HTTP/1.1 x", 400),
        (b"GET v1 HTTP/1.1", 400),
        (b"G\x00T / HTTP/1.1", 400),
        (b"GET http://a\x00@b/ HTTP/1.1", 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),  # TLS
        (b"GET / http/1.1", 400),
        (b"GET / HTTP/2.0", 505),
    ],
)
def test_malformed_request_line(line, expected):
    assert status(line + b"\r\n\r\n") == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"no colon", 400),
        (b": no name", 400),
        (b"Name : space", 400),
        (b"A: 1\r\n folded", 400),
        (b"A: 1\rB: 2", 400),
        (b"A: 1\0", 400),
        (b"Content-Length: -1", 400),
        (b"Content-Length: 1e3", 400),
        (b"Content-Length: +3", 400),
        (b"Content-Length: \xb2", 400),
        (b"Content-Length: 3\r\nContent-Length: 4", 400),
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked", 400),
        (b"Transfer-Encoding: gzip", 501),
        (b"Transfer-Encoding: gzip, chunked", 501),
        (b"Content-Length: 1001", 413),
        (b"Content-Length: " + b"9" * 900, 413),
        (b"Expect: something", 417),
        (b"X: " + b"x" * 1000, 431),
        (b"\r\n".join(b"X%d: 1" % n for n in range(101)), 431),
    ],
)
def test_malformed_header(header, expected):
    data = b"POST / HTTP/1.1\r\n" + header + b"\r\n\r\nabc"
    assert status(data, head_limit=1000) == expected


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (b"x\r\nabc", 400),
        (b"\r\nabc", 400),
        (b"-3\r\nabc", 400),
        (b"3\r\nabcd\r\n", 400),
        (b"0x3\r\nabc\r\n", 400),
        (b"3e9\r\nabc", 413),
        (b"ffffffffffffffff\r\n", 413),
        (b"1f4\r\n" + b"x" * 500 + b"\r\n1f5\r\n", 413),
        (b"3;" + b"x" * 2000, 431),
    ],
)
def test_malformed_chunks(chunks, expected):
    data = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    assert status(data) == expected


def test_the_end_comes_too_soon():
    request = (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\n\r\n"
    )
    assert read(request)[1] == b"abc"
    for length in range(len(request)):
        assert None in read(request[:length]), length
    fixed = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"
    assert read(fixed)[1] is None


def test_the_same_length_twice_is_one():
    data = b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"
    assert read(data + b"abc")[1] == b"abc"


def test_the_head_may_have_as_many_bytes_as_the_limit():
    data = b"GET / HTTP/1.1\r\nX: 1\r\n\r\n"
    assert read(data, head_limit=len(data))[0].headers == {"x": "1"}
    assert status(data, head_limit=len(data) - 1) == 431
