"""Whatever is sent to the REST front end, it answers, and goes on."""

import collections
import json
import time

import pytest
from fake_servables import fake_manager
from fuzz.hostile_requests import hostile_requests

from accel_tf.serving.rest import RestHandler

HALF, ECHO = "/v1/models/half_plus_two:", "/v1/models/echo:predict"
IMAGE = {"b64": "/9j/4AAQSkZJRgABAQ=="}
RIGHT = [
    (path, json.dumps(document).encode())
    for path, document in [
        (HALF + "predict", {"instances": [1.0, 2.0, 5.5]}),
        (HALF + "predict", {"inputs": {"x": [[1.0], [2.0]]}}),
        (
            HALF + "regress",
            {
                "signature_name": "regress_x_to_y",
                "context": {"y": ["a", {"b64": "aGk="}]},
                "examples": [{"x": 80.0}, {"x": [1.5], "z": [1, True]}],
            },
        ),
        (
            HALF + "classify",
            {"signature_name": "classify_x_to_y", "examples": [{"x": 20.0}]},
        ),
        *(
            (ECHO, {"signature_name": name, "instances": [value, value]})
            for name, value in (
                ("int32", [1, 2]),
                ("uint8", [[1], [255]]),
                ("int64", -(2**63)),
                ("double", {"x": [1, 1e-9]}),
                ("bool", [True, False]),
                ("string", ["text", {"b64": "aGk="}]),
                ("bytes", IMAGE),
                ("frames", {"image_bytes": IMAGE, "id": 1, "force": False}),
            )
        ),
        (ECHO, {"signature_name": "nothing", "inputs": {}}),
    ]
]
# These a server is right to refuse, but only with the status that is theirs.
REFUSED = [
    (ECHO, b'{"signature_name":"half","inputs":[1.0]}'),
    (ECHO, b'{"signature_name":"busy","inputs":[1.0]}'),
    ("/v1/models/none:predict", b'{"inputs":[1.0]}'),
]


def check(answer, method, path):
    """Checks that an answer is one that the API has."""
    assert answer.status in (200, 400, 404, 429, 501), answer
    if answer.headers["Content-Type"] == "text/html":
        assert answer.status == 404 and not path.lower().startswith("/v1/")
        return
    assert answer.headers == {"Content-Type": "application/json"}
    if method == "OPTIONS" and answer.status == 200:
        assert answer.body == b""
        return
    # `echo` gives back binary strings too, which only an answer may hold.
    escape = "surrogateescape" if answer.status == 200 else "strict"
    document = json.loads(answer.body.decode("utf-8", escape))
    if answer.status != 200:
        assert document.keys() == {"error"}
        assert document["error"] and "Traceback" not in document["error"]
        return
    (key,) = document.keys() - {"metadata"}
    keys = "predictions", "outputs", "results", "model_version_status"
    assert key in (*keys, "model_spec")


@pytest.mark.parametrize(
    "count", [4_000, pytest.param(20_000, marks=pytest.mark.slow)]
)
def test_hostile_requests(count):
    manager = fake_manager()
    handler = RestHandler(manager)
    before = [handler.handle("POST", path, {}, body) for path, body in RIGHT]
    assert {answer.status for answer in before} == {200}
    statuses = collections.Counter()
    slowest = 0
    for request in hostile_requests(count, 0, RIGHT + REFUSED):
        start = time.process_time()
        answer = handler.handle(*request)
        slowest = max(slowest, time.process_time() - start)
        check(answer, *request[:2])
        statuses[answer.status] += 1
    assert slowest < 2
    # Enough of each kind for the requests to be worth their name.
    assert statuses[400] > count / 2 and statuses[200] > count / 20
    assert min(statuses[status] for status in (404, 429, 501)) > count / 400
    after = [handler.handle("POST", path, {}, body) for path, body in RIGHT]
    assert after == before
    models = [one for models in manager.models.values() for one in models]
    assert not any(one.in_use for one in models)


def test_a_seed_always_gives_the_same_requests():
    first, again, other = (
        list(hostile_requests(200, seed, RIGHT)) for seed in (1, 1, 2)
    )
    assert first == again != other
