"""What clients of the HTTP server may not do."""

import contextlib
import select
import socket
import threading
import time

from echo_server import Answer, error_message, serving, wait_until
from raw_http import RawClient

from accel_tf.serving.client_watch import has_left
from accel_tf.serving.current_request import check_client, reserve
from accel_tf.serving.tensors import ServingError


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


WAIT = b"POST /wait HTTP/1.1\r\n\r\n"


def test_requests_wait_for_their_turn():
    with serving(in_flight=2) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawClient(server)) for _ in range(4)]
        for client in clients:
            client.send(WAIT)
        server.handler.wait_for_arrivals(2)
        wait_until(lambda: server.queue.waiting == 2)
        # Whether the server is well is answered all the same.
        with RawClient(server) as other:
            assert other.request("GET", "/")[0] == 200
        assert server.handler.arrived.acquire(blocking=False) is False
        server.handler.go.set()
        assert [client.answer()[0] for client in clients] == [200] * 4


def test_requests_that_wait_are_limited():
    limits = {"in_flight": 2, "waiting": 0}
    with serving(**limits) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawClient(server)) for _ in range(3)]
        for client in clients[:2]:
            client.send(WAIT)
        server.handler.wait_for_arrivals(2)
        status, headers, body = clients[2].request("POST", "/")
        assert status == 429 and headers["retry-after"] in ("1", "2")
        assert error_message(body).startswith("2 requests are in flight")
        server.handler.go.set()
        assert [client.answer()[0] for client in clients[:2]] == [200, 200]
        assert clients[2].request("POST", "/")[0] == 200


def test_who_is_turned_away_comes_back_at_various_times():
    with serving(in_flight=1) as server, RawClient(server) as client:
        assert client.request(path="/busy")[1]["retry-after"] in ("1", "2")
        server.queue.expected_seconds = lambda: 20.0
        clients = [("127.0.0.1", port) for port in range(1000)]
        seconds = [server.retry_after(each, 1) for each in clients]
        assert seconds == [server.retry_after(each, 1) for each in clients]
        assert (min(seconds), max(seconds)) == (11, 30)
        assert max(seconds.count(each) for each in set(seconds)) < 80


def test_who_is_gone_waits_no_longer_and_keeps_no_place():
    with serving(in_flight=1) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawClient(server)) for _ in range(3)]
        for count, client in enumerate(clients):
            client.send(WAIT)
            wait_until(lambda count=count: server.queue.arrivals == count + 1)
        server.handler.wait_for_arrivals(1)
        for client in clients[:2]:
            client.__exit__()
        # The place of the first, which is worked on, goes to the third.
        server.handler.wait_for_arrivals(1)
        assert server.queue.waiting == 0
        assert not server.handler.arrived.acquire(blocking=False)
        server.handler.go.set()
        assert clients[2].answer()[0] == 200


def test_who_is_gone_is_told_from_who_has_only_sent_its_last():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for end, gone in [
            (lambda peer: None, False),
            (lambda peer: peer.shutdown(socket.SHUT_WR), False),
            (lambda peer: peer.close(), True),
        ]:
            peer = socket.create_connection(listener.getsockname())
            connection, _ = listener.accept()
            with peer, connection:
                peer.sendall(b"x")
                connection.settimeout(10.0)
                assert connection.recv(2) == b"x"
                end(peer)
                assert has_left(connection, may_probe=True) is gone


def test_an_answer_may_ask_whether_it_is_still_wanted():
    with serving() as server:
        errors = []

        def handle(*request):
            server.handler.arrived.release()
            for _ in range(1000):
                try:
                    check_client()
                except ServingError as error:
                    errors.append(error.code)
                    break
                time.sleep(0.01)
            return Answer(499, {}, b"")

        server.handler.handle = handle
        with RawClient(server) as client:
            client.send(WAIT)
            server.handler.wait_for_arrivals(1)
        wait_until(lambda: server.connections == 0)
        assert errors == ["CANCELLED"]
    # Outside of a server nobody asks.
    check_client()
    reserve(2**40)


def test_what_an_answer_reserves_counts_until_it_is_given():
    with serving(buffered_bytes=1000) as server, RawClient(server) as client:
        codes = []

        def handle(*request):
            try:
                for _ in range(3):
                    reserve(400)
            except ServingError as error:
                codes.append((error.code, server.load.bytes))
            return Answer(200, {}, b"")

        server.handler.handle = handle
        assert client.request("POST", "/", b"x" * 10)[0] == 200
        assert codes == [("RESOURCE_EXHAUSTED", 810)]
        wait_until(lambda: server.load.bytes == 0)


def test_who_has_only_sent_its_last_gets_its_answer_from_the_queue():
    with serving(in_flight=1) as server, RawClient(server) as first:
        first.send(WAIT)
        server.handler.wait_for_arrivals(1)
        with RawClient(server) as client:
            client.send(b"POST /last HTTP/1.1\r\n\r\n")
            client.socket.shutdown(socket.SHUT_WR)
            # It was asked whether it is there.
            assert client.answer()[0] == 100
            server.handler.go.set()
            assert client.answer()[2] == b"POST /last "


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
        wait_until(lambda: server.load.bytes == 0)


def test_answers_that_nobody_takes_go_when_their_memory_is_needed():
    limits = {"buffered_bytes": 2**25, "stall_seconds": 0.3}
    with serving(**limits) as server, contextlib.ExitStack() as stack:
        idle = [stack.enter_context(RawClient(server)) for _ in range(3)]
        for count, client in enumerate(idle):
            wait_until(lambda size=count * 2**24: server.load.bytes == size)
            client.send(b"GET /large HTTP/1.1\r\n\r\n")
        # Two of 16 MiB fit.
        assert idle[2].answer()[0] == 429
        wait_until(lambda: server.load.bytes == 2**25)
        with RawClient(server) as client:
            assert client.request()[0] == 200
            time.sleep(0.4)
            assert len(client.request(path="/large")[2]) == 2**24
        wait_until(lambda: server.connections == 1)


def test_slow_clients_do_not_push_out_healthy_ones():
    with serving(connections=8) as server, contextlib.ExitStack() as stack:
        healthy = [stack.enter_context(RawClient(server)) for _ in range(4)]
        for client in healthy:
            assert client.request()[0] == 200
        slow = [stack.enter_context(RawClient(server)) for _ in range(40)]
        for client in slow:
            # Those that were told to go cannot be sent anything.
            with contextlib.suppress(OSError):
                client.send(b"G")
        with RawClient(server) as other:
            assert other.request()[0] == 200
        for client in healthy:
            assert client.request()[0] == 200


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
            assert status == 503 and int(headers["retry-after"]) >= 1
            assert error_message(body) == "Too many connections"
        server.handler.go.set()
        assert [client.answer()[0] for client in working] == [200, 200]


def test_a_client_that_takes_nothing_does_not_hold_up_the_watch():
    full, peer = socket.socketpair()
    with serving(in_flight=1) as server, contextlib.ExitStack() as stack:
        for each in (full, peer):
            stack.enter_context(contextlib.closing(each))
        full.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                full.send(b"x" * 2**16)
        # As a connection has while it waits; nobody must wait so long.
        full.settimeout(60.0)
        peer.shutdown(socket.SHUT_WR)
        clients = [stack.enter_context(RawClient(server)) for _ in range(3)]
        with server.watch.watching(full, None, may_probe=True):
            assert not has_left(full, may_probe=True)
            for count, client in enumerate(clients):
                client.send(WAIT)
                wait_until(
                    lambda count=count: server.queue.arrivals == count + 1
                )
            clients[1].__exit__()
            wait_until(lambda: server.queue.waiting == 1)
