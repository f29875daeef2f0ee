"""Whatever is sent to a served export, it answers, and streams go on."""

import base64
import collections
import concurrent.futures
import json
import pathlib
import random
import threading
import time

import pytest
from echo_server import wait_until
from exported_models import Session, SumsFrames, jpeg, moving_frames, png
from fuzz.hostile_images import bombs, hostile_image
from fuzz.hostile_requests import hostile_requests
from persistent_client import PersistentClient, as_bytes
from raw_http import RawClient
from served_exports import (
    MODEL,
    RecordedStream,
    Requests,
    check_recorded,
    serving,
    to_json,
)
from small_models import small_dff

from accel_tf.serving.export import export_saved_model
from accel_tf.serving.http_limits import HttpLimits

INTERVAL = 5
SIZE = (40, 56)
PREDICT = f"{MODEL}:predict"
# Short, but not so short that a busy machine is taken for a slow client.
LIMITS = HttpLimits(header_seconds=3, body_seconds=3, body_bytes=2**22)
STATUSES = {200, 400, 404, 413, 429, 431, 501, 505}
CLIENTS = 4


@pytest.fixture(
    scope="module",
    params=[
        SumsFrames,
        # A network's operations mind sizes that others do not.
        pytest.param(small_dff, marks=pytest.mark.slow),
    ],
    ids=["sums", "dff"],
)
def path(request, tmp_path_factory):
    return export_saved_model(
        request.param(num_classes=4),
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
    """Requests to every signature: list of (path, body)."""
    image, other = to_json(images[0]), to_json(images[1])
    row = {"image_bytes": image, "stream_id": 5, "force_key": False}
    with Requests(server) as requests:
        state = requests("key", image_bytes=[image])["state_bytes"]
    inputs = {"image_bytes": [image], "state_bytes": state}
    documents = [
        {"instances": [image, other]},
        {"signature_name": "stream", "instances": [row]},
        {
            "signature_name": "stream",
            "instances": [row, row | {"stream_id": 6}],
        },
        {
            "signature_name": "stream",
            "inputs": {name: [value] for name, value in row.items()},
        },
        {"signature_name": "key", "inputs": [image]},
        {"signature_name": "nonkey", "inputs": inputs},
        {"signature_name": "scores", "instances": [other]},
        {"signature_name": "close", "instances": [5, 7]},
        {"signature_name": "stats", "inputs": [5]},
    ]
    return [(PREDICT, json.dumps(each).encode()) for each in documents]


def check(method, path, status, headers, body):
    """An answer is one of the API's, or that no request was understood."""
    # oneDNN's word for a frame of which pooling leaves nothing.
    is_too_small = status == 409 and b"could not create a descriptor" in body
    assert status in STATUSES or is_too_small, (status, body)
    if headers["content-type"] == "text/html":
        assert status == 404 and not path.lower().startswith("/v1/")
        return
    assert headers["content-type"] == "application/json"
    if method == "HEAD" or (method == "OPTIONS" and status == 200):
        return
    document = json.loads(body)
    if status != 200:
        assert document.keys() == {"error"}
        error = document["error"]
        assert error and "Traceback" not in error and "node" not in error


def image_requests(rng, images, right):
    """Requests that are right but for their images, base64 or nesting."""
    states = [
        json.loads(body)["inputs"]["state_bytes"]
        for _, body in right
        if b"state_bytes" in body
    ]
    (state,) = states
    while True:
        files = [hostile_image(rng, images)]
        if rng.random() < 0.3:
            files.append(rng.choice(images))
            rng.shuffle(files)
        values = list(map(to_json, files))
        if rng.random() < 0.1:
            text = list(values[0]["b64"] or "A")
            text[rng.randrange(len(text))] = rng.choice("-_=!\n \u00e9")
            values[0]["b64"] = "".join(text)
        name = rng.choice(
            ["serving_default", "scores", "key", "nonkey", *["stream"] * 4]
        )
        inputs = {"image_bytes": values}
        if name == "stream":
            inputs["stream_id"] = [rng.randrange(9) for _ in values]
            inputs["force_key"] = [rng.random() < 0.1 for _ in values]
        if name == "nonkey":
            data = base64.b64decode(state[0]["b64"])
            inputs["state_bytes"] = [
                to_json(hostile_image(rng, [data, *images])) for _ in values
            ]
        if rng.random() < 0.1:
            changed = rng.choice(list(inputs))
            value = inputs[changed]
            inputs[changed] = rng.choice([value[0], [value], [value] * 2])
        document = {"signature_name": name, "inputs": inputs}
        yield "POST", PREDICT, {}, json.dumps(document).encode()


class Fuzzing:
    """Sends hostile requests; counts the answers by status."""

    def __init__(self, server, right, images):
        self.server, self.right, self.images = server, right, images
        self.statuses = collections.Counter()
        self.slowest = 0.0
        self._lock = threading.Lock()

    def send(self, count, seed):
        """`count` requests, of which every fiftieth is not sent whole."""
        rng = random.Random(seed)
        texts = hostile_requests(count, seed, self.right)
        files = image_requests(rng, self.images, self.right)
        with PersistentClient(self.server) as client:
            for number in range(count):
                request = next(files if rng.random() < 0.35 else texts)
                if number % 50 == 49:
                    client.send_half(rng, *request)
                    self._count("left in the middle", 0)
                    continue
                start = time.perf_counter()
                answer = client.ask(*request)
                seconds = time.perf_counter() - start
                check(*request[:2], *answer)
                self._count(answer[0], seconds)

    def send_slowly(self, count):
        """Requests of which a byte now and then keeps coming."""
        path, body = self.right[0]
        data = as_bytes("POST", path, {}, body)
        waiting = []
        for number in range(count):
            client = RawClient(self.server, 30)
            # Half of them stop in the headers, the others in the body.
            end = 30 if number % 2 else len(data) - len(body) + 30
            client.send(data[:end])
            waiting.append((client, end))
        start = time.monotonic()
        for sent in range(1000):
            if time.monotonic() - start > LIMITS.body_seconds:
                break
            for client, end in waiting:
                client.send(data[end + sent : end + sent + 1])
            time.sleep(0.1)
        for client, _ in waiting:
            # A byte that comes later than the answer may destroy it.
            status = client.status()
            assert status == 408
            self._count(status, time.monotonic() - start)
            client.__exit__()

    def _count(self, kind, seconds):
        with self._lock:
            self.statuses[kind] += 1
            if kind != 408:
                self.slowest = max(self.slowest, seconds)


def resident_megabytes():
    """Of this process; the server is part of it."""
    status = pathlib.Path("/proc/self/status").read_text()
    line = next(x for x in status.splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@pytest.mark.parametrize(
    ("count", "slow_clients"),
    [(500, 8), pytest.param(20_000, 64, marks=pytest.mark.slow)],
)
def test_hostile_requests(count, slow_clients, path, server, right, images):
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
        "a header that claims much": "is 100000x100000; a frame has 1 to 6144",
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
