"""What clients of the HTTP server may not do."""

import contextlib
import select
import threading
import time

from echo_server import error_message, serving, wait_until
from raw_http import RawClient


def test_slow_requests_are_given_up():
    with serving(header_seconds=0.2, body_seconds=0.2) as server:
        for sent in (b"G", b"GET / HTTP/1.1\r\nX", b"POST / HTTP/1.1\r\n"):
            assert_given_up(server, sent)
        body = b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n"
        assert_given_up(server, body)
        chunks = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n63\r\n"
        assert_given_up(server, chunks)


def assert_given_up(server, data):
    with RawClient(server) as client:
        client.send(data)
        end = time.monotonic() + 5
        # Each byte comes in time; all together do not.
        while not select.select([client.socket], [], [], 0.05)[0]:
            assert time.monotonic() < end
            client.send(b"a")
        assert client.answer()[0] == 408
        assert client.is_closed()


def test_an_idle_connection_is_closed_without_a_word():
    with serving(idle_seconds=0.2) as server, RawClient(server) as client:
        assert client.request()[0] == 200
        assert client.is_closed()


def test_a_client_that_takes_no_answer_is_given_up():
    with serving(write_seconds=0.2) as server, RawClient(server) as client:
        client.send(b"GET /large HTTP/1.1\r\n\r\n")
        wait_until(lambda: server.connections == 1)
        wait_until(lambda: server.connections == 0)
        # The server is as well as before.
        with RawClient(server) as other:
            assert other.request()[0] == 200


def test_requests_in_flight_are_limited():
    with serving(in_flight=2) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawClient(server)) for _ in range(3)]
        for client in clients[:2]:
            client.send(b"POST /wait HTTP/1.1\r\n\r\n")
        server.handler.wait_for_arrivals(2)
        status, headers, body = clients[2].request("POST", "/")
        assert (status, headers["retry-after"]) == (429, "1")
        assert error_message(body).startswith("2 requests are in flight")
        # Whether the server is well is answered all the same.
        assert clients[2].request("GET", "/")[0] == 200
        server.handler.go.set()
        assert [client.answer()[0] for client in clients[:2]] == [200, 200]
        assert clients[2].request("POST", "/")[0] == 200


def test_an_answer_of_429_says_when_to_come_again():
    with serving() as server, RawClient(server) as client:
        assert client.request(path="/busy")[1]["retry-after"] == "1"


def test_memory_for_bodies_is_limited():
    with serving(buffered_bytes=1000) as server, RawClient(server) as client:
        with RawClient(server) as other:
            client.send(b"POST /wait HTTP/1.1\r\nContent-Length: 600\r\n\r\n")
            client.send(b"x" * 600)
            server.handler.wait_for_arrivals(1)
            assert other.request("POST", "/", b"x" * 500)[0] == 429
        server.handler.go.set()
        assert client.answer()[0] == 200
        assert client.request("POST", "/", b"x" * 900)[0] == 200


def test_idle_connections_keep_nobody_out():
    with serving(connections=8) as server, contextlib.ExitStack() as stack:
        before = threading.active_count()
        idle = []
        for _ in range(100):
            idle.append(stack.enter_context(RawClient(server)))
            assert idle[-1].request()[0] == 200
        # Some of the threads may just be ending.
        wait_until(lambda: threading.active_count() <= before + 8)
        assert idle[0].is_closed()
        assert idle[-1].request()[0] == 200


def test_connections_at_work_are_not_closed_for_others():
    with serving(connections=2) as server, contextlib.ExitStack() as stack:
        working = [stack.enter_context(RawClient(server)) for _ in range(2)]
        for client in working:
            client.send(b"POST /wait HTTP/1.1\r\n\r\n")
        server.handler.wait_for_arrivals(2)
        with RawClient(server) as client:
            status, headers, body = client.answer()
            assert (status, headers["retry-after"]) == (503, "1")
            assert error_message(body) == "Too many connections"
        server.handler.go.set()
        assert [client.answer()[0] for client in working] == [200, 200]
