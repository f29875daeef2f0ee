"""An exported model over HTTP: streams, clips and explicit states.

As `test_tf_serving.py`, for the embedded server or a real TensorFlow Serving.
The labels are those of the same model in a TensorFlow 1 session here.
"""

import base64

import numpy as np
import pytest
from conformance_models import INTERVAL, export_streams
from exported_models import (
    Session,
    decode,
    jpeg,
    moving_frames,
    png,
    stream_inputs,
    summed_labels,
)

FRAMES = moving_frames(7, 40, 56)
# Nobody else's, if the server has other clients.
IDS = 8_053_063_680_000


@pytest.fixture(scope="module")
def session(server, tmp_path_factory):
    if server.folder:
        return Session(server.folder / "streams" / "1")
    return Session(export_streams(tmp_path_factory.mktemp("streams")))


@pytest.fixture(autouse=True)
def no_streams(request, server):
    """A server may have streams of an earlier run."""
    ids = [IDS + n for n in range(4)]
    outputs(server, "close", {"stream_id": ids})


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


def outputs(server, signature, inputs):
    status, answer = server.predict("streams", signature, {"inputs": inputs})
    assert status == 200, answer
    return answer["outputs"]


def images(values):
    return [base64.b64decode(value["b64"]) for value in values]


def rows_of(frames, stream_ids, forced=()):
    """The inputs of `stream`, as arrays and as they are in JSON."""
    data = list(map(jpeg, frames))
    arrays = stream_inputs(data, stream_ids, forced)
    document = {
        "image_bytes": list(map(b64, data)),
        "stream_id": list(stream_ids),
        "force_key": arrays["force_key"].tolist(),
    }
    return arrays, document


def assert_same(answer, expected):
    """An answer in columns is what the session gives, to the byte."""
    assert answer.keys() == expected.keys()
    for name, values in answer.items():
        if name.endswith("_bytes"):
            values = images(values)
        assert values == expected[name].tolist(), name


def test_clip(server, session):
    data = list(map(png, FRAMES))
    answer = outputs(
        server, "serving_default", {"image_bytes": list(map(b64, data))}
    )
    assert_same(answer, session("serving_default", image_bytes=data))
    assert answer["is_key"] == [n % INTERVAL == 0 for n in range(7)]
    labels = decode(images(answer["label_png_bytes"]))
    np.testing.assert_array_equal(
        labels, summed_labels(FRAMES, answer["is_key"])
    )


def test_a_clip_in_rows(server, session):
    data = list(map(png, FRAMES[:4]))
    status, answer = server.predict(
        "streams", None, {"instances": list(map(b64, data))}
    )
    assert status == 200
    expected = session("serving_default", image_bytes=data)
    rows = answer["predictions"]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    assert_same(columns, expected)


def test_a_stream_of_single_requests_and_of_rows(server, session):
    """Two streams of other sizes, a key frame by request, four requests."""
    small = FRAMES[:, :24, :32]
    requests = [
        ([FRAMES[0]], [IDS], ()),
        ([FRAMES[1], small[0], FRAMES[2]], [IDS, IDS + 1, IDS], ()),
        ([small[1]], [IDS + 1], (0,)),
        ([FRAMES[3], small[2]], [IDS, IDS + 1], ()),
    ]
    keys = []
    for frames, ids, forced in requests:
        arrays, document = rows_of(frames, ids, forced)
        answer = outputs(server, "stream", document)
        assert_same(answer, session("stream", **arrays))
        keys += answer["is_key"]
    assert keys == [True, False, True, False, True, True, False]


def test_a_new_resolution_begins_anew(server):
    for height, expected in ((40, 0), (40, 1), (24, 0), (24, 1)):
        _, document = rows_of([FRAMES[0][:height]], [IDS + 2])
        answer = outputs(server, "stream", document)
        assert answer["frames_since_key"] == [expected]


def test_close_and_stats(server):
    ids = {"stream_id": [IDS + 2, IDS + 3]}
    before = outputs(server, "stats", ids)
    _, document = rows_of(FRAMES[:2], [IDS + 2, IDS + 2])
    outputs(server, "stream", document)
    after = outputs(server, "stats", ids)
    assert before["stream_bytes"] == [0, 0]
    taken, none = after["stream_bytes"]
    assert taken > 0 and none == 0
    assert after["bytes"][0] - before["bytes"][0] == taken
    assert after["streams"][0] == before["streams"][0] + 1
    assert after["frames"][0] == before["frames"][0] + 2
    assert outputs(server, "close", ids) == [True, False]
    assert outputs(server, "stats", ids) == {
        **after,
        "streams": before["streams"],
        "bytes": before["bytes"],
        "stream_bytes": [0, 0],
    }


def test_explicit_states(server, session):
    data = list(map(png, FRAMES[:3]))
    answer = outputs(server, "key", {"image_bytes": [b64(data[0])]})
    expected = session("key", image_bytes=data[:1])
    for image in data[1:]:
        assert_same(answer, expected)
        inputs = {
            "image_bytes": [b64(image)],
            "state_bytes": answer["state_bytes"],
        }
        answer = outputs(server, "nonkey", inputs)
        expected = session(
            "nonkey", image_bytes=[image], state_bytes=expected["state_bytes"]
        )
    assert_same(answer, expected)


def test_scores(server, session):
    data = list(map(png, FRAMES[:2, :4, :5]))
    found = outputs(server, "scores", {"image_bytes": list(map(b64, data))})
    expected = session("scores", image_bytes=data)["scores"]
    np.testing.assert_array_equal(np.array(found, np.float32), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"image_bytes": [b64(png(FRAMES[1])), b64(b"GIF89a")]},
            "image_bytes[1] is neither a JPEG nor a PNG file",
        ),
        ({"stream_id": [IDS, -1]}, "stream_id must be 0 or more; -1 is not"),
        ({"force_key": [False]}, "image_bytes has 2 rows and force_key 1"),
        ({"image_bytes": ["", 3]}, "not of expected type: string"),
    ],
)
def test_a_mistake_changes_no_stream(server, change, message):
    _, document = rows_of(FRAMES[:2], [IDS, IDS])
    outputs(server, "stream", document)
    status, answer = server.predict(
        "streams", "stream", {"inputs": document | change}
    )
    assert status == 400 and message in answer["error"]
    _, document = rows_of(FRAMES[2:3], [IDS])
    answer = outputs(server, "stream", document)
    assert answer["frames_since_key"] == [2]


def test_metadata(server):
    answer = server.ask("GET", "/v1/models/streams/metadata").json()
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "stream", "close", "stats", "scores"} <= set(
        signatures
    )
    assert {
        name: info["dtype"]
        for name, info in signatures["stream"]["inputs"].items()
    } == {
        "image_bytes": "DT_STRING",
        "stream_id": "DT_INT64",
        "force_key": "DT_BOOL",
    }
