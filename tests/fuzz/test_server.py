"""Whatever is sent to a served export, it answers, and streams go on."""

import concurrent.futures
import json
import threading
import time

import numpy as np
import pytest
from echo_server import wait_until
from exported_models import (
    Session,
    SumsFrames,
    decode,
    jpeg,
    moving_frames,
    png,
)
from fuzz.hostile_clients import (
    LIMITS,
    PREDICT,
    Fuzzing,
    resident_megabytes,
    right_requests,
)
from fuzz.hostile_images import bombs
from persistent_client import PersistentClient
from served_exports import (
    RecordedStream,
    Requests,
    check_recorded,
    serving,
    to_json,
)
from small_models import small_dff

from accel_tf import FixedInterval, VideoStream
from accel_tf.serving.export import export_saved_model

INTERVAL = 5
SIZE = (40, 56)
CLIENTS = 4
SIEGE_ROUNDS = 200


@pytest.fixture(
    scope="module",
    params=[
        SumsFrames,
        # A network's operations mind sizes that others do not.
        pytest.param(small_dff, marks=pytest.mark.slow),
    ],
    ids=["sums", "dff"],
)
def model(request):
    return request.param(num_classes=4)


@pytest.fixture(scope="module")
def path(model, tmp_path_factory):
    return export_saved_model(
        model,
        tmp_path_factory.mktemp("fuzzed"),
        interval=INTERVAL,
        memory_limit=2**26,
        warm_up_size=SIZE,
        max_pixels=64 * 96,
    )


@pytest.fixture(scope="module")
def server(path):
    with serving(path.parent, LIMITS, poll_seconds=0) as server:
        yield server


@pytest.fixture(scope="module")
def images():
    first, second, third = moving_frames(3, *SIZE)
    return [png(first), jpeg(second), jpeg(third)]


@pytest.fixture(scope="module")
def right(server, images):
    return right_requests(server, images)


def test_hostile_requests(path, server, right, images):
    count, slow_clients = 500, 8
    fuzzing = Fuzzing(server, right, images)
    finished = threading.Event()

    def stand_by():
        """A stream with nothing wrong about it."""
        frames = [png(frame) for frame in moving_frames(12, 48, 64, seed=3)]
        with Requests(server) as requests:
            stream = RecordedStream(requests, 2**40, INTERVAL)
            while not finished.is_set():
                stream.send(frames[len(stream.images) % len(frames)])
                finished.wait(0.02)
            stream.close()
        return stream

    before = resident_megabytes()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS + 2) as pool:
        bystander = pool.submit(stand_by)
        tasks = [pool.submit(fuzzing.send_slowly, slow_clients)]
        share = count // CLIENTS
        for seed in range(CLIENTS):
            tasks.append(pool.submit(fuzzing.send, share, count + seed))
        concurrent.futures.wait(tasks)
        finished.set()
    for task in tasks:
        task.result()
    stream = bystander.result()
    grown = resident_megabytes() - before
    print(
        f"{dict(fuzzing.statuses)}, slowest {fuzzing.slowest:.2f} s, "
        f"{grown:.0f} MB more, {len(stream.images)} frames meanwhile"
    )
    assert fuzzing.statuses.total() == count + slow_clients
    # Enough of both for the requests to be worth their name.
    assert fuzzing.statuses[400] > 0.5 * count
    assert fuzzing.statuses[200] > 0.02 * count
    assert fuzzing.slowest < 20
    assert grown < 500
    assert len(stream.images) > INTERVAL and not stream.evictions
    check_recorded(Session(path), stream)
    wait_until(lambda: not server.connections)
    with Requests(server) as requests:
        stats = requests.stats()
        assert stats["bytes"][0] <= stats["memory_limit"][0]


@pytest.mark.slow
def test_a_long_siege(model, server, right, images):
    """After each hundred requests a stream goes on as it does in process."""
    fuzzing = Fuzzing(server, right, images)
    frames = moving_frames(12, 48, 64, seed=3)
    local = VideoStream(model, FixedInterval(INTERVAL))
    resident = []
    with (
        concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool,
        Requests(server) as requests,
    ):
        stream = RecordedStream(requests, 2**40, INTERVAL)
        for number in range(SIEGE_ROUNDS):
            tasks = [
                pool.submit(fuzzing.send, 100 // CLIENTS, 10 * number + seed)
                for seed in range(CLIENTS)
            ]
            for task in tasks:
                task.result()
            for frame in frames[number % 4 :: 4]:
                stream.send(png(frame))
                labels = decode(stream.labels[-1:])[0]
                np.testing.assert_array_equal(labels, local(frame[None])[0])
                assert stream.is_key[-1] == local.is_key
            resident.append(resident_megabytes())
    assert not stream.evictions
    quarters = np.array(resident).reshape(4, -1).mean(1)
    print(
        f"{dict(fuzzing.statuses)}, slowest {fuzzing.slowest:.2f} s, "
        f"{len(stream.images)} frames equal, megabytes by quarter: "
        f"{quarters.round().tolist()}"
    )
    assert fuzzing.statuses.total() == 100 * SIEGE_ROUNDS
    assert quarters[3] - quarters[2] < 20


def test_other_shapes_are_refused(server, images):
    """No session looks at a shape, and some operations then end a process."""
    rows = {
        "image_bytes": [to_json(image) for image in images[:2]],
        "stream_id": [3, 4],
        "force_key": [False, False],
    }
    with Requests(server) as requests:
        image_bytes = rows["image_bytes"]
        rows["state_bytes"] = requests("key", image_bytes=image_bytes)[
            "state_bytes"
        ]
    names = {
        "serving_default": ["image_bytes"],
        "stream": ["image_bytes", "stream_id", "force_key"],
        "close": ["stream_id"],
        "stats": ["stream_id"],
        "scores": ["image_bytes"],
        "key": ["image_bytes"],
        "nonkey": ["image_bytes", "state_bytes"],
    }
    with PersistentClient(server) as client:
        for signature, inputs in names.items():
            for changed in inputs:
                for value in (rows[changed][0], [rows[changed]]):
                    document = {
                        "signature_name": signature,
                        "inputs": {name: rows[name] for name in inputs}
                        | {changed: value},
                    }
                    body = json.dumps(document).encode()
                    status, _, answer = client.ask("POST", PREDICT, {}, body)
                    assert status == 400
                    # Which operation notices it first may differ.
                    assert json.loads(answer)["error"]


def test_bombs_are_refused(server, images):
    """At once, and as what they are."""
    messages = {
        "a header that claims much": "is 100000x100000; a frame has",
        "sides beyond 32 bits": "is 4294967295x4294967295; a frame has",
        "one side of nothing": "is 0x100; a frame has",
        "64 megapixels": "is 8000x8000; a frame has",
        "a size before the size": "is neither a JPEG nor a PNG file",
        "a JPEG header that claims much": "is 65000x65000; a frame has",
        "far too many scans": "is a JPEG file of more than 100 scans",
    }
    with PersistentClient(server) as client:
        for name, image in bombs(images[1]).items():
            assert len(image) < 150_000
            body = json.dumps({"inputs": [to_json(image)]}).encode()
            start = time.process_time()
            status, _, answer = client.ask("POST", PREDICT, {}, body)
            assert status == 400
            error = json.loads(answer)["error"]
            assert f"image_bytes[0] {messages[name]}" in error
            # Of all threads.
            assert time.process_time() - start < 1
