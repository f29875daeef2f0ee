"""Many streams over REST at a time, each as if it were alone."""

import concurrent.futures
import os
import random
import subprocess
import sys
import threading
import time
import types

import numpy as np
import pytest
from exported_models import (
    Session,
    SumsFrames,
    decode,
    jpeg,
    moving_frames,
    png,
)
from served_exports import (
    RecordedStream,
    Requests,
    check_recorded,
    replayed,
    serving,
)
from small_models import lively, small_dff

from accel_tf.serving.client import Client
from accel_tf.serving.export import export_saved_model

INTERVAL = 5
STREAMS = 16
SIZES = [(40 + 8 * (n % 4), 56 + 8 * (n // 4) + 2 * n) for n in range(STREAMS)]
STARTS = """
import sys
from accel_tf.commands import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def model(request):
    return {"sums": SumsFrames, "dff": small_dff}[request.param]()


OF_DFF = pytest.mark.parametrize("model", ["dff"], indirect=True)


@pytest.fixture(scope="module")
def path(model, tmp_path_factory):
    """With room for about nine of the sixteen streams."""
    return export_saved_model(
        model,
        tmp_path_factory.mktemp("soak"),
        interval=INTERVAL,
        memory_limit=160_000,
        warm_up_size=None,
    )


@pytest.fixture(scope="module")
def alone(path):
    """The same export, not behind a server."""
    return Session(path)


@pytest.fixture(scope="module")
def images():
    """Size -> files of moving frames, of both kinds."""
    return {
        size: [
            (png if number % 2 else jpeg)(frame)
            for frame in moving_frames(12, *size, seed=number)
        ]
        for number, size in enumerate(SIZES)
    }


def run_all(*functions):
    """Runs functions side by side; gives what they return."""
    with concurrent.futures.ThreadPoolExecutor(len(functions)) as pool:
        tasks = [pool.submit(function) for function in functions]
        return [task.result() for task in tasks]


@pytest.mark.parametrize(
    ("model", "frames"),
    [("sums", 16), pytest.param("dff", 250, marks=pytest.mark.slow)],
    indirect=["model"],
)
def test_sixteen_streams(frames, path, alone, images):
    # Half of them at a time: else each would push out the next, in a circle.
    at_work = threading.Semaphore(STREAMS // 2)
    finished = threading.Event()

    def send(number):
        rng = random.Random(number)
        size = SIZES[number]
        starts = True
        with Requests(server) as requests:
            stream = RecordedStream(requests, number, INTERVAL)
            while len(stream.images) < frames:
                with at_work:
                    for _ in range(rng.randrange(1, 6)):
                        image = images[size][len(stream.images) % 12]
                        stream.send(image, rng.random() < 0.05, starts)
                        starts = False
                # Lets another in, who has waited.
                time.sleep(0.01)
                what_next = rng.random()
                if what_next < 0.15:
                    stream.close()
                elif what_next < 0.25:
                    starts = size != (size := rng.choice(SIZES))
        return stream

    def watch():
        highest = 0
        with Requests(server) as requests:
            while not finished.is_set():
                stats = requests.stats(range(STREAMS))
                total, limit = stats["bytes"][0], stats["memory_limit"][0]
                assert total == sum(stats["stream_bytes"]) <= limit
                highest = max(highest, total)
                finished.wait(0.02)
            return highest, requests.stats()

    def send_all():
        try:
            return run_all(*(lambda n=n: send(n) for n in range(STREAMS)))
        finally:
            finished.set()

    with serving(path.parent, poll_seconds=0) as server:
        streams, (highest, stats) = run_all(send_all, watch)
    evictions = sum(stream.evictions for stream in streams)
    keys = sum(sum(stream.is_key) for stream in streams)
    assert stats["frames"][0] == sum(len(each.images) for each in streams)
    assert stats["key_frames"][0] == keys
    # An evicted stream need not have come back.
    assert STREAMS / 4 < evictions <= stats["evictions"][0]
    assert keys < 0.6 * stats["frames"][0]
    assert highest > 0.8 * stats["memory_limit"][0]
    print(f"{stats}, {evictions} noticed, {highest} bytes at most")
    for stream in streams:
        check_recorded(alone, stream)


@pytest.mark.slow
@OF_DFF
@pytest.mark.parametrize("swaps", [1, 8])
def test_a_version_swapped_under_load(
    swaps, model, path, alone, images, tmp_path
):
    """Every answer is right, and of one version from its key frame on."""
    lively(model, seed=1)
    options = {"interval": INTERVAL, "warm_up_size": None}
    other = export_saved_model(model, tmp_path / "other", **options)
    lively(model, seed=0)
    models = tmp_path / "models"
    models.mkdir()
    (models / "1").symlink_to(path)
    swapped = threading.Event()

    def send(number, size):
        with Requests(server) as requests:
            stream = RecordedStream(requests, number, INTERVAL)
            left = 6
            while left:
                files = images[size]
                stream.send(files[len(stream.images) % len(files)])
                time.sleep(0.03)
                left -= swapped.is_set()
        return stream

    def swap():
        try:
            with Requests(server) as requests:
                for version in range(1, swaps + 1):
                    time.sleep(0.3)
                    target = other if version % 2 else path
                    (models / str(version + 1)).symlink_to(target)
                    end = time.monotonic() + 60
                    while requests.state(version) == "AVAILABLE":
                        assert time.monotonic() < end
                        time.sleep(0.02)
        finally:
            swapped.set()

    with serving(models, poll_seconds=0.05) as server:
        _, *streams = run_all(
            swap, *(lambda n=n: send(n, SIZES[n % 2]) for n in range(4))
        )
    # Whose state is gone, begins with a key frame: nothing is mixed.
    sessions = alone, Session(other)
    for stream in streams:
        first, second = (replayed(each, stream) for each in sessions)
        versions = []
        for own, one, two in zip(stream.labels, first, second, strict=True):
            assert own in (one, two)
            if one != two:
                versions.append(own == two)
        changes = np.count_nonzero(np.diff(versions))
        # A request may take longer than a version stays.
        assert 0 < changes <= swaps
        assert not versions[0] and versions[-1] == swaps % 2


class Server:
    """`accel-tf serve` in a process of its own."""

    def __init__(self, models, port=0):
        command = [sys.executable, "-c", STARTS, "serve"]
        command += ["--model-base-path", str(models), "--model-name", "m"]
        command += ["--rest-api-port", str(port)]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )

    def wait(self):
        """Waits until it answers; gives its port."""
        line = self._process.stdout.readline()
        assert line.startswith("Ready: "), line
        return int(line.split(":")[3].partition("/")[0])

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


@pytest.mark.slow
@OF_DFF
def test_killed_and_started_again(path, alone, images):
    """Streams of `Client` go on by themselves, with a key frame."""
    restarted = threading.Event()
    under_way = threading.Barrier(5, timeout=60)
    times = {}

    def send(number):
        stream = types.SimpleNamespace(images=[], is_key=[])
        labels, ends = [], []
        left = 3
        with client.stream(number) as remote:
            while left:
                if len(labels) == 4:
                    under_way.wait()
                image = images[SIZES[number]][len(labels) % 12]
                labels.append(remote(image))
                ends.append(time.monotonic())
                stream.images.append(image)
                stream.is_key.append(remote.is_key)
                time.sleep(0.02)
                left -= restarted.is_set()
        return stream, labels, ends

    def restart():
        nonlocal server
        try:
            under_way.wait()
            time.sleep(0.05)
            server.kill()
            time.sleep(0.3)
            times["down"] = time.monotonic()
            server = Server(path.parent, port)
            assert server.wait() == port
        finally:
            restarted.set()

    server = Server(path.parent)
    try:
        port = server.wait()
        url = f"http://127.0.0.1:{port}"
        with Client(url, "m", timeout=60, retries=40) as client:
            _, *streams = run_all(
                restart, *(lambda n=n: send(n) for n in range(4))
            )
        assert client.traffic.repeats
    finally:
        server.kill()
    for stream, labels, ends in streams:
        first = int(np.searchsorted(ends, times["down"]))
        assert 0 < first < len(labels)
        assert stream.is_key[first]
        expected = decode(replayed(alone, stream))
        np.testing.assert_array_equal(labels, expected)
