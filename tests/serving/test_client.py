"""The client, in front of a server that fails as it is told."""

import concurrent.futures
import contextlib
import json
import threading
import time

import echo_server
import numpy as np
import pytest
from scripted_server import INTERVAL, scripted

from accel_tf.serving import client_transport
from accel_tf.serving.client import Client
from accel_tf.serving.client_errors import ServerError

MODEL = "streets"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(client_transport, "_FIRST_PAUSE", 0.002)
    monkeypatch.setattr(client_transport, "_LONGEST_PAUSE", 0.02)


@pytest.fixture
def client_of():
    """Makes clients of a server, which the end of the test closes."""
    with contextlib.ExitStack() as stack:

        def client_of(server, **options):
            options = {"image_format": "png", "timeout": 10.0} | options
            return stack.enter_context(Client(server.url, MODEL, **options))

        yield client_of


def frame(value):
    """A frame whose labels begin with `value`."""
    rng = np.random.default_rng(value)
    image = rng.integers(0, 256, (6, 10, 3), dtype=np.uint8)
    image[0, 0, 0] = value
    return image


def send(stream, values):
    """Sends frames; gives `frames_since_key` of each."""
    counts = []
    for value in values:
        labels = stream(frame(value))
        assert labels.dtype == np.uint8
        np.testing.assert_array_equal(labels, frame(value)[..., 0])
        assert stream.is_key == (stream.frames_since_key == 0)
        counts.append(stream.frames_since_key)
    return counts


def test_a_stream_is_called_as_a_video_stream(client_of):
    with scripted() as server, client_of(server) as client:
        with client.stream() as stream:
            assert stream.is_key is None and stream.frames_since_key is None
            assert send(stream, range(6)) == [0, 1, 2, 3, 0, 1]
            labels = stream(frame(9)[None])
            np.testing.assert_array_equal(labels, frame(9)[None, ..., 0])
            stream(frame(7), force_key=True)
            assert stream.is_key
            stream.reset_state()
            assert send(stream, [8]) == [0]
            with pytest.raises(ValueError, match="one frame at a time, not 2"):
                stream(np.stack([frame(1), frame(2)]))
        stream_id = stream.stream_id
        assert 0 <= stream_id < 2**53
        assert server.seen[-1] == (stream_id, "close")
        assert server.paths[0] == f"/v1/models/{MODEL}:predict"
        other = client.stream(12)
        send(other, [1, 2])
        # Goes on where that one was.
        assert send(client.stream(12), [3]) == [2]
        assert len(server.connections) == 1
        assert client.close_stream(12) and not client.close_stream(12)


def test_images_travel_as_they_are_or_as_jpeg(client_of):
    smooth = np.full((16, 16, 3), 90, np.uint8)
    with scripted() as server:
        client = client_of(server, image_format="jpeg")
        labels = client.frame(smooth, 1).labels
        assert np.abs(labels.astype(int) - 90).max() <= 2
        with pytest.raises(ValueError, match="must be a JPEG or PNG file"):
            client.frame(b"GIF89a", 1)
        for wrong in (smooth.astype(float), smooth[..., 0], smooth[:0]):
            with pytest.raises(ValueError, match="must be uint8 RGB of shape"):
                client.frame(wrong, 1)
        assert len(server.seen) == 1


def test_a_clip_is_one_request(client_of):
    with scripted() as server:
        client = client_of(server)
        frames = [frame(value) for value in range(6)]
        labels, is_key = client.clip(iter(frames))
        np.testing.assert_array_equal(labels, np.stack(frames)[..., 0])
        assert is_key.tolist() == [n % INTERVAL == 0 for n in range(6)]
        with pytest.raises(ValueError, match="a frame or more"):
            client.clip([])
        assert client.traffic.requests == len(server.paths) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(client_of, status):
    busy = (status, {"Retry-After": "0.1"}, b'{"error": "busy"}')
    with scripted(None, busy, busy) as server:
        client = client_of(server)
        stream = client.stream()
        start = time.monotonic()
        assert send(stream, range(6)) == [0, 1, 2, 3, 0, 1]
        assert time.monotonic() - start > 0.2
        # Nothing is lost, doubled, forced or out of order.
        assert server.seen == [(stream.stream_id, n, False) for n in range(6)]
        assert client.traffic.requests == 8 and client.traffic.repeats == 2


def test_a_server_that_is_alive_is_asked_as_often_as_it_takes(
    client_of, monkeypatch
):
    busy = (429, {"Retry-After": "0"}, b'{"error": "busy"}')
    silent = (503, {}, b"")
    with scripted(*[busy] * 9) as server:
        assert send(client_of(server, retries=1).stream(), [0]) == [0]
        assert not server.faults
        # Neither for ever, nor if nothing is to be repeated.
        monkeypatch.setattr(client_transport, "_PATIENCE", 0.01)
        for retries, asked in [(1, 5), (0, 0)]:
            server.faults += [busy] * 9
            client = client_of(server, retries=retries)
            with pytest.raises(ServerError, match="answered 429: busy"):
                client.frame(frame(1), 1)
            assert client.traffic.repeats == asked
            server.faults.clear()
        server.faults += [silent] * 9
        client = client_of(server, retries=2)
        with pytest.raises(ServerError, match="answered 503"):
            client.frame(frame(1), 1)
        assert client.traffic.repeats == 2


@pytest.mark.parametrize(
    ("fault", "was_seen"),
    [
        ("lost", True),
        ("unseen", False),
        ((502, {}, b"<html>Bad gateway</html>"), False),
        ((504, {}, b""), False),
    ],
)
def test_after_a_lost_answer_the_stream_begins_anew(client_of, fault, was_seen):
    with scripted(None, None, fault) as server:
        client = client_of(server)
        stream = client.stream()
        # Without the fault: 0, 1, 2, 3, 0.
        assert send(stream, range(5)) == [0, 1, 0, 1, 2]
        number = stream.stream_id
        assert server.seen == [
            (number, 0, False),
            (number, 1, False),
            *[(number, 2, False)] * was_seen,
            (number, "close"),
            (number, 2, True),
            (number, 3, False),
            (number, 4, False),
        ]


def test_a_request_that_did_not_arrive_whole_is_sent_again_as_it_was(client_of):
    # Too large for the buffers between client and server.
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), np.uint8)
    with scripted() as server:
        client = client_of(server)
        client.frame(frame(1), 5)
        server.faults.append("broken")
        result = client.frame(noise, 5)
        np.testing.assert_array_equal(result.labels, noise[..., 0])
        assert result.frames_since_key == 1
        assert client.traffic.repeats == 1


def test_a_time_out_is_an_error_and_the_next_frame_a_key_frame(client_of):
    with scripted(None, "late") as server:
        client = client_of(server, timeout=0.1)
        stream = client.stream()
        send(stream, [0])
        with pytest.raises(TimeoutError, match="was silent for 0.1 s"):
            stream(frame(1))
        server.go.set()
        assert send(stream, [2, 3]) == [0, 1]
        number = stream.stream_id
        assert server.seen == [
            (number, 0, False),
            (number, 1, False),
            (number, "close"),
            (number, 2, True),
            (number, 3, False),
        ]


def test_an_error_leaves_the_stream_as_it_was(client_of):
    bad = (400, {}, b'{"error": "image_bytes[0]\\nis no image"}')
    with scripted(None, bad) as server:
        stream = client_of(server).stream()
        send(stream, [0])
        with pytest.raises(ServerError) as info:
            stream(frame(1))
        assert info.value.status == 400
        assert str(info.value) == (
            f"{server.url} answered 400: image_bytes[0] is no image"
        )
        assert send(stream, [2, 3]) == [1, 2]


def test_frames_from_somebody_else_are_noticed(client_of):
    with scripted() as server:
        client = client_of(server)
        stream = client.stream()
        send(stream, [0, 1])
        client.frame(frame(100), stream.stream_id)
        assert send(stream, [2, 3]) == [0, 1]
        assert server.seen[-2:] == [
            (stream.stream_id, 2, True),
            (stream.stream_id, 3, False),
        ]


def test_a_server_that_is_started_again(client_of):
    with scripted() as first:
        port = first.server_address[1]
        client = client_of(first)
        stream = client.stream()
        assert send(stream, [0, 1]) == [0, 1]
    with contextlib.ExitStack() as stack:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            second = pool.submit(start_later, stack, port)
            counts = send(stream, [2, 3, 4])
        assert counts == [0, 1, 2]
        # Nothing had to be forced: it has no state to begin with.
        assert second.result().seen == [
            (stream.stream_id, n, False) for n in (2, 3, 4)
        ]
        assert client.traffic.repeats > 0


def start_later(stack, port):
    time.sleep(0.05)
    return stack.enter_context(scripted(port=port))


def test_a_connection_that_was_closed_meanwhile_costs_nothing(client_of):
    with scripted() as server:
        client = client_of(server)
        stream = client.stream()
        for value in range(3):
            assert send(stream, [value]) == [value]
            server.drop_connections()
            time.sleep(0.02)
        assert client.traffic.repeats == 0


def test_it_gives_up_in_one_line(client_of):
    with scripted() as server:
        url = server.url
    client = Client(url, MODEL, retries=3)
    with pytest.raises(ConnectionError, match="cannot be reached: ") as info:
        client.frame(frame(1), 1)
    assert "\n" not in str(info.value)
    assert client.traffic.requests == 4
    with scripted(*["lost"] * 9) as server:
        client = client_of(server, retries=3)
        with pytest.raises(ConnectionError, match="broke off"):
            client.frame(frame(1), 1)
        assert sum(each[1] == 1 for each in server.seen) == 4


def test_one_request_at_a_time_per_stream(client_of):
    with scripted() as server:
        client = client_of(server)
        streams = [client.stream() for _ in range(4)]

        def work(index):
            stream = streams[index % 4]
            for value in range(8):
                labels = stream(frame(value))
                np.testing.assert_array_equal(labels, frame(value)[..., 0])

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        assert len(server.seen) == 64 and server.at_once == 1


def test_bytes_are_counted(client_of):
    with scripted() as server:
        client = client_of(server)
        client.frame(frame(3), 1)
        traffic = client.traffic
        png = len(json.dumps({"b64": ""})) + 4 * 6 * 10 * 3 // 3
        assert png < traffic.bytes_sent < png + 400
        assert 100 < traffic.bytes_received < 400
        assert str(traffic) == (
            "1 requests, 0 of them repeated, 0.0 MB sent, 0.0 MB received"
        )


def test_an_answer_while_the_request_is_still_being_sent(client_of):
    with echo_server.serving(body_bytes=1000) as server:
        client = client_of(server, image_format="jpeg")
        # The server closes the connection after each of them.
        for _ in range(2):
            with pytest.raises(ServerError) as info:
                client.frame(frame(1).repeat(50, 0), 1)
            assert info.value.status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"outputs": [1]}',
        b'{"outputs": {"label_png_bytes": [{"b64": "AAAA"}]}}',
    ],
)
def test_an_answer_of_something_else(client_of, body):
    with scripted((200, {}, body)) as server:
        with pytest.raises(ConnectionError, match="did not answer") as info:
            client_of(server).frame(frame(1), 1)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "127.0.0.1:8501"}, "a server's URL is like http://"),
        ({"url": "http://"}, "a server's URL is like"),
        ({"url": "http://x:99999"}, "a server's URL is like"),
        ({"url": "ftp://x"}, "a server's URL is like"),
        ({"model": ""}, "model must be a name"),
        ({"version": 1, "label": "x"}, "a version or a label, not both"),
        ({"image_format": "gif"}, "must be one of jpeg, png"),
        ({"timeout": 0}, "timeout must be seconds above 0"),
        ({"retries": -1}, "retries must be 0 or more"),
    ],
)
def test_mistakes(options, message):
    options = {"url": "http://x", "model": MODEL} | options
    with pytest.raises(ValueError, match=message):
        Client(**options)
    with pytest.raises(ValueError, match="stream_id must be 0 or more"):
        Client("http://x", MODEL).stream(-1)


def test_threads_do_not_share_a_connection(client_of):
    with scripted("late") as server:
        client = client_of(server)
        thread = threading.Thread(target=client.frame, args=(frame(1), 1))
        thread.start()
        while not server.seen:
            time.sleep(0.005)
        labels = client.frame(frame(2), 2).labels
        np.testing.assert_array_equal(labels, frame(2)[..., 0])
        server.go.set()
        thread.join(5)
        assert not thread.is_alive()
