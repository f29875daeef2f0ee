"""The threaded HTTP server."""

import contextlib
import logging
import random
import socket
import threading
import time

import pytest
from echo_server import Echo, error_message, serving, wait_until
from raw_http import RawClient

from accel_tf.serving.http_server import HttpServer


@pytest.fixture(scope="module")
def shared():
    with serving(body_bytes=2**20) as server:
        yield server


def test_answers_request_after_request_on_one_connection(shared):
    with RawClient(shared) as client:
        for n in range(3):
            status, headers, body = client.request("POST", f"/{n}", b"\0body")
            assert (status, body) == (200, b"POST /%d \0body" % n)
            assert headers["connection"] == "keep-alive"
            assert headers["x-test"] == "1"
            assert headers["date"].endswith("GMT")


def test_answers_quickly_on_one_connection(shared):
    # Nagle's algorithm and a delayed acknowledgement: 40 ms and more each.
    with RawClient(shared) as client:
        client.request()
        start = time.perf_counter()
        for _ in range(50):
            client.request("POST", "/", b"x" * 2000)
        assert time.perf_counter() - start < 1.5


def test_pipelined_requests_are_answered_in_order(shared):
    with RawClient(shared) as client:
        client.send(
            b"".join(
                b"POST /%d HTTP/1.1\r\nContent-Length: 1\r\n\r\n%d" % (n, n)
                for n in range(10)
            )
        )
        for n in range(10):
            assert client.answer()[2] == b"POST /%d %d" % (n, n)


def test_a_request_in_single_bytes(shared):
    with RawClient(shared) as client:
        for byte in b"POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc":
            client.send(bytes([byte]))
        assert client.answer()[2] == b"POST /x abc"


def test_closes_when_the_client_wants_it(shared):
    with RawClient(shared) as client:
        answer = client.request(headers=["Connection: close"])
        assert answer[1]["connection"] == "close"
        assert client.is_closed()
    with RawClient(shared) as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert client.answer()[2] == b"GET / "
        assert client.is_closed()


def test_a_client_that_has_sent_its_last_gets_its_answer(shared):
    with RawClient(shared) as client:
        client.send(b"GET /last HTTP/1.1\r\n\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.answer()[2] == b"GET /last "
        assert client.is_closed()


def test_an_answer_to_head_has_no_body(shared):
    with RawClient(shared) as client:
        client.send(b"HEAD /x HTTP/1.1\r\n\r\n")
        assert client.answer(has_body=False)[1]["content-length"] == "8"
        assert client.request(path="/next")[2] == b"GET /next "


def test_a_large_answer_arrives_whole(shared):
    with RawClient(shared) as client:
        assert len(client.request(path="/large")[2]) == 2**24


def test_tells_a_waiting_client_to_send_its_body(shared):
    with RawClient(shared) as client:
        client.send(
            b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\n"
            b"Content-Length: 3\r\n\r\n"
        )
        assert client.answer()[0] == 100
        client.send(b"abc")
        assert client.answer()[2] == b"POST /x abc"
        client.send(
            b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\n"
            b"Content-Length: 9999999\r\n\r\n"
        )
        assert client.answer()[0] == 413


def test_body_in_chunks(shared):
    with RawClient(shared) as client:
        client.send(b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert client.answer()[2] == b"POST /x abcde"
        assert client.request(path="/next")[0] == 200


def test_too_large_a_body_is_answered_before_it_is_sent_whole(shared):
    with RawClient(shared) as client:
        # The client does not read before it has sent all.
        status, headers, body = client.request("POST", "/", b"x" * 2**22)
        assert (status, headers["connection"]) == (413, "close")
        assert (
            error_message(body)
            == "The request's body has more than 1048576 bytes"
        )
        assert client.is_closed()
    with RawClient(shared) as client:
        assert client.request("POST", "/", b"x" * 2**20)[0] == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40000 + b"\r\n\r\n", 431),
        (b"\x16\x03\x01" + b"\x00" * 200 + b"\n", 400),
    ],
)
def test_a_malformed_request_is_one_for_json(shared, data, status):
    with RawClient(shared) as client:
        client.send(data)
        answer = client.answer()
        assert answer[0] == status
        assert answer[1]["content-type"] == "application/json"
        assert error_message(answer[2])
        assert client.is_closed()


def test_mangled_requests_end_in_an_answer_or_a_close(shared, caplog):
    generator = random.Random(0)
    whole = (
        b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nab\r\n0\r\n\r\nGET /c HTTP/1.1\r\nConnection: close\r\n\r\n"
    )
    statuses = set()
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(generator.randint(1, 4)):
            place = generator.randrange(len(data))
            replaced = generator.choice([0, 0, 1, 8])
            added = generator.choice([b"", b"\0", b"\r\n", b"9", b":", b"\xff"])
            data[place : place + replaced] = added
        with RawClient(shared) as client:
            client.send(data)
            client.socket.shutdown(socket.SHUT_WR)
            while (status := client.status()) is not None:
                statuses.add(status)
    assert {200, 400} <= statuses <= {200, 400, 408, 413, 417, 431, 501, 505}
    assert not caplog.records


def test_clients_that_leave_are_no_trouble(shared, capfd, caplog):
    for data in (
        b"",
        b"POST",
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx",
    ):
        with RawClient(shared) as client:
            client.send(data)
    with RawClient(shared) as client:
        client.send(b"GET /large HTTP/1.1\r\n\r\n")
        # A reset rather than a good-bye.
        linger = b"\1\0\0\0\0\0\0\0"
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    with RawClient(shared) as client:
        assert client.request()[0] == 200
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_a_bug_is_logged_and_not_shown_to_the_client(shared, caplog):
    with caplog.at_level(logging.ERROR), RawClient(shared) as client:
        status, _, body = client.request(path="/bug")
        assert (status, error_message(body)) == (500, "Internal error")
        assert client.request()[0] == 200
    assert "a bug" in caplog.text


def test_stops_when_requests_in_flight_are_answered():
    with serving() as server, contextlib.ExitStack() as stack:
        idle, working, half = (
            stack.enter_context(RawClient(server)) for _ in range(3)
        )
        assert idle.request()[0] == 200
        working.send(b"POST /wait HTTP/1.1\r\n\r\n")
        half.send(b"POST /half HTTP/1.1\r\nContent-Length: 2\r\n\r\na")
        server.handler.wait_for_arrivals(1)
        wait_until(lambda: server.connections == 3)
        dropped = []
        stopping = threading.Thread(
            target=lambda: dropped.append(server.stop(10))
        )
        stopping.start()
        assert idle.is_closed()
        half.send(b"b")
        assert half.answer()[2] == b"POST /half ab"
        assert half.is_closed()
        with pytest.raises(ConnectionRefusedError):
            RawClient(server)
        server.handler.go.set()
        status, headers, _ = working.answer()
        assert (status, headers["connection"]) == (200, "close")
        stopping.join(10)
        assert dropped == [0]


def test_a_stop_does_not_wait_for_ever():
    with serving() as server, RawClient(server) as client:
        client.send(b"POST /wait HTTP/1.1\r\n\r\n")
        server.handler.wait_for_arrivals(1)
        assert server.stop(0.1) == 1
        assert client.is_closed()


def test_an_address_that_cannot_be_listened_on(shared):
    port = shared.server_address[1]
    with pytest.raises(OSError, match=rf"127.0.0.1 port {port}: .+\.$"):
        HttpServer(Echo(), port=port)
    with pytest.raises(OSError, match="cannot listen on no.such.host.invalid"):
        HttpServer(Echo(), host="no.such.host.invalid")
