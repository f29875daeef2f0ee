"""Clients of a served export, of whose requests few are as they should be."""

import base64
import collections
import json
import pathlib
import random
import threading
import time

from fuzz.hostile_images import hostile_image
from fuzz.hostile_requests import hostile_requests
from persistent_client import PersistentClient, as_bytes
from raw_http import RawClient
from served_exports import MODEL, Requests, to_json

from accel_tf.serving.http_limits import HttpLimits

PREDICT = f"{MODEL}:predict"
# Short, but not so short that a busy machine is taken for a slow client.
LIMITS = HttpLimits(header_seconds=3, body_seconds=3, body_bytes=2**22)
STATUSES = {200, 400, 404, 413, 429, 431, 501, 505}


def right_requests(server, images):
    """Requests to every signature of an export: list of (path, body).

    Args:
        server: that serves it.
        images: files of frames, two at least.
    """
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
        """`count` requests, of which one in fifty is not sent whole."""
        rng = random.Random(seed)
        texts = hostile_requests(count, seed, self.right)
        files = image_requests(rng, self.images, self.right)
        with PersistentClient(self.server) as client:
            for _ in range(count):
                request = next(files if rng.random() < 0.35 else texts)
                if rng.random() < 0.02:
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
