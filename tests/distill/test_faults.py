"""Two processes, and a relay between them that does what networks do."""

import asyncio
import contextlib
import functools
import json
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from distill_pairs import poisoned_snapshot, tiny_student
from video_making import make

from accel_tf.distill import messages
from accel_tf.distill.codec import UpdateCodec
from accel_tf.distill.parameter_space import ParameterSpace

pytestmark = pytest.mark.slow

FRAMES, RATE, SPEED = 80, 2, 4
UPDATES = {"update", "snapshot"}


class Relay:
    """Passes messages on between an edge and a server.

    Attributes:
        down: function from a message of the server to a list of bytes or
            messages to pass on.
        bytes_per_second: of messages to the edge; `None` for no limit.
        is_cut: whether connections are refused.
    """

    def __init__(self, target):
        self.target, self.down = target, lambda message: [message]
        self.bytes_per_second, self.is_cut = None, False
        self.seen = []
        self._transports, self._ready = set(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *error):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    def cut(self):
        """Ends all connections as a cable does that is pulled out."""
        self.is_cut = True
        for transport in list(self._transports):
            self._loop.call_soon_threadsafe(transport.abort)

    async def _run(self):
        from aiohttp import web

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request):
        import aiohttp
        from aiohttp import web

        if self.is_cut:
            request.transport.abort()
            return web.Response()
        edge = web.WebSocketResponse(max_msg_size=2**26, compress=False)
        await edge.prepare(request)
        self._transports.add(request.transport)
        async with aiohttp.ClientSession() as session:
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                async with session.ws_connect(
                    self.target, max_msg_size=2**26
                ) as server:
                    tasks = [
                        asyncio.create_task(self._up(edge, server)),
                        asyncio.create_task(self._down(server, edge)),
                    ]
                    await asyncio.wait(
                        tasks, return_when=asyncio.FIRST_COMPLETED
                    )
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
        self._transports.discard(request.transport)
        await edge.close()
        return edge

    async def _up(self, edge, server):
        async for message in edge:
            await server.send_bytes(message.data)

    async def _down(self, server, edge):
        async for received in server:
            message = messages.unpack(received.data, 2**26)
            self.seen.append(message["type"])
            for each in self.down(message):
                data = each if isinstance(each, bytes) else messages.pack(each)
                if self.bytes_per_second is not None:
                    await asyncio.sleep(len(data) / self.bytes_per_second)
                await edge.send_bytes(data)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A video, its labels and a student."""
    folder = tmp_path_factory.mktemp("files")
    ramp = np.linspace(0, 255, 96)[None, :, None] * np.ones((48, 1, 3))
    pictures = [np.uint8((ramp + 9 * n) % 256) for n in range(FRAMES)]
    make(folder / "drive.mp4", pictures, rate=RATE)
    import cv2

    (folder / "labels").mkdir()
    for number, each in enumerate(pictures):
        labels = np.uint8(each[..., 0] > 127)
        cv2.imwrite(str(folder / "labels" / f"{number:06d}.png"), labels)
    tiny_student().save(folder / "student.keras")
    tiny_student(4).save(folder / "other.keras")
    return folder


def command(*words):
    return [sys.executable, "-m", "accel_tf", *map(str, words)]


class Server:
    """`accel-tf distill-server` in a process of its own."""

    def __init__(self, files, folder, port=0):
        self.log = folder / "server.log"
        self._file = open(self.log, "a")
        start = self.log.stat().st_size
        self.process = subprocess.Popen(
            command(
                "distill-server", "--model", files / "student.keras",
                "--teacher", files / "labels", "--port", port,
                "--height", 16, "--update-period", 2, "--iterations", 2,
                "--batch-size", 2, "--state-dir", folder / "states",
            ),
            stdout=self._file,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.url = self.wait_for(r"Ready: (ws://\S+)", start)[1]
        self.port = int(self.url.rpartition(":")[2])

    def text(self, start=0):
        return self.log.read_text()[start:]

    def wait_for(self, pattern, start=0, seconds=120):
        for _ in range(int(seconds / 0.05)):
            if match := re.search(pattern, self.text(start)):
                return match
            assert self.process.poll() is None, self.text()
            time.sleep(0.05)
        raise AssertionError(f"{pattern} is not in {self.text()}")

    def digest(self, edge="car-7"):
        """Of the weights that an edge had when it left, the first digits."""
        left = re.findall(rf"{edge}: left, with weights (\w+)", self.text())
        return left[-1]

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(60)
        self._file.close()
        return self.process.returncode


@pytest.fixture(scope="module")
def server(files, tmp_path_factory):
    running = Server(files, tmp_path_factory.mktemp("server"))
    yield running
    assert running.end() == 0
    assert running.text().endswith("Stopped.\n")


class Edge:
    """`accel-tf distill-edge` in a process of its own."""

    def __init__(
        self, files, url, report, name="car-7", model="student", speed=SPEED
    ):
        self._report = report
        self.process = subprocess.Popen(
            command(
                "--quiet", "distill-edge", files / "drive.mp4",
                "--server", url, "--model", files / f"{model}.keras",
                "--json", report, "--speed", speed, "--edge-id", name,
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def report(self):
        """Its report once it has ended; every frame was segmented."""
        _, errors = self.process.communicate(timeout=300)
        assert self.process.returncode == 0, errors
        report = json.loads(self._report.read_text())
        assert report["frames"] == FRAMES
        return report


def nth(number, do):
    """Does something to the update of that number, counted from 1."""
    count = []

    def through(message):
        if message["type"] not in UPDATES:
            return [message]
        count.append(message)
        return do(message) if len(count) == number else [message]

    return through


def changed(change):
    def do(message):
        data = bytearray(message["data"])
        return [{**message, "data": bytes(change(data))}]

    return do


def flip(data):
    data[len(data) // 2] ^= 1
    return data


def with_nan(message):
    """Weights, whole by their checksum, with NaN among them."""
    data = poisoned_snapshot(_codec(), _codec().space.read())
    return [{**message, "data": data}]


def enlarged(message):
    """More than all weights, and less than the most that a message may be."""
    return [{**message, "data": message["data"] + bytes(_codec().most_bytes)}]


@functools.cache
def _codec():
    return UpdateCodec(ParameterSpace(tiny_student()))


def reordered():
    """The second update before the first."""
    held = []

    def through(message):
        if message["type"] not in UPDATES or len(held) > 1:
            return [message]
        held.append(message)
        return [] if len(held) == 1 else [held[1], held[0]]

    return through


FAULTS = {
    "lost": (nth(2, lambda message: []), None),
    "repeated": (nth(2, lambda message: [message] * 2), "duplicate"),
    "reordered": (reordered(), "duplicate"),
    "truncated": (nth(2, changed(lambda data: data[:-9])), "damaged"),
    "bit-flipped": (nth(2, changed(flip)), "damaged"),
    "oversized": (nth(2, enlarged), "size"),
    "nan": (nth(2, with_nan), "finite"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_updates_that_go_wrong(fault, files, server, tmp_path):
    name = f"car-{fault}"
    with Relay(server.url) as relay:
        relay.down, kind = FAULTS[fault]
        # The server waits a minute for an answer.
        speed = 0.4 if fault in ("lost", "reordered") else SPEED
        edge = Edge(
            files, relay.url, tmp_path / "report.json", name, speed=speed
        )
        report = edge.report()
    if kind is not None:
        assert set(report["refused_updates"]) == {kind}
    if fault in ("lost", "reordered"):
        assert f"{name}: has not confirmed update" in server.text()
    assert report["sequence"] > 2
    assert report["weights_digest"].startswith(server.digest(name))


def test_message_that_is_too_large_ends_the_connection(files, server, tmp_path):
    with Relay(server.url) as relay:
        relay.down = nth(2, lambda message: [bytes(10**7)])
        edge = Edge(files, relay.url, tmp_path / "report.json", "car-huge")
        report = edge.report()
    assert report["seconds"]["offline"] > 0 and report["sequence"] > 2
    assert report["weights_digest"].startswith(server.digest("car-huge"))


def test_link_that_is_cut(files, server, tmp_path):
    with Relay(server.url) as relay:
        edge = Edge(files, relay.url, tmp_path / "report.json", "car-cut")
        server.wait_for("car-cut: gets update 1")
        relay.cut()
        time.sleep(4)
        relay.is_cut = False
        report = edge.report()
    assert report["seconds"]["offline"] > 3 and report["sequence"] > 2
    assert report["weights_digest"].startswith(server.digest("car-cut"))


def test_slow_link(files, server, tmp_path):
    with Relay(server.url) as relay:
        relay.bytes_per_second = 200
        edge = Edge(files, relay.url, tmp_path / "report.json", "car-slow")
        report = edge.report()
    assert 1 <= report["updates"] < 12
    assert report["weights_digest"].startswith(server.digest("car-slow"))


def test_edge_that_is_killed_and_started_again(files, server, tmp_path):
    first = Edge(files, server.url, tmp_path / "first.json", "car-killed")
    server.wait_for("car-killed: gets update 2")
    first.process.kill()
    first.process.communicate()
    second = Edge(files, server.url, tmp_path / "second.json", "car-killed")
    report = second.report()
    assert report["per_update"][0]["used_at"] < 4
    assert report["weights_digest"].startswith(server.digest("car-killed"))
    assert not (tmp_path / "first.json").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_server_that_ends_and_is_started_again(how, files, tmp_path):
    first = Server(files, tmp_path)
    # Slow enough to be there still when the second server is ready.
    edge = Edge(files, first.url, tmp_path / "report.json", speed=0.5)
    first.wait_for("car-7: gets update 2")
    first.end(how)
    second = Server(files, tmp_path, first.port)
    try:
        report = edge.report()
        assert report["seconds"]["offline"] > 0
        assert report["weights_digest"].startswith(second.digest())
        assert second.end() == 0
    finally:
        second.process.kill()
        second.process.wait()
    # It went on with what it had: nobody needed all weights.
    assert "snapshot" not in second.text()


def test_two_edges(files, server, tmp_path):
    names = "car-one", "car-two"
    edges = [
        Edge(files, server.url, tmp_path / f"{name}.json", name)
        for name in names
    ]
    for name, edge in zip(names, edges, strict=True):
        report = edge.report()
        assert report["updates"] > 2
        assert report["weights_digest"].startswith(server.digest(name))


def test_edge_with_another_model(files, server, tmp_path):
    edge = Edge(
        files, server.url, tmp_path / "report.json", "car-other", "other"
    )
    _, errors = edge.process.communicate(timeout=300)
    assert edge.process.returncode == 2
    (line,) = [x for x in errors.splitlines() if x.startswith("accel-tf:")]
    assert "has 4 classes, the server's 5" in line
    assert not (tmp_path / "report.json").exists()
