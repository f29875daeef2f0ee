"""Exports behind the embedded server, and streams that are recorded."""

import base64
import contextlib
import http.client
import json

import numpy as np
from exported_models import decode, stream_inputs

from accel_tf.serving.http_server import HttpServer
from accel_tf.serving.model_config import ModelConfig
from accel_tf.serving.model_manager import ModelManager
from accel_tf.serving.rest import RestHandler
from accel_tf.serving.saved_model_servable import SavedModelServable

MODEL = "/v1/models/m"


@contextlib.contextmanager
def serving(folder, limits=None, **options):
    """Serves the versions in `folder` as model `m`, in this process.

    Yields:
        The `HttpServer`.
    """
    models = [ModelConfig("m", folder)]
    manager = ModelManager(SavedModelServable, models, **options)
    try:
        manager.start()
        assert list(manager.faults()) == []
        server = HttpServer(RestHandler(manager), limits=limits)
        server.start()
        try:
            yield server
        finally:
            server.stop(5)
    finally:
        manager.close(5)


class Requests:
    """Requests over one connection; each of them must succeed."""

    def __init__(self, server):
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", server.server_address[1], timeout=60
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._connection.close()

    def __call__(self, signature, **inputs):
        """The outputs of a predict request, in columns."""
        document = {"signature_name": signature, "inputs": inputs}
        outputs = self._ask("POST", f"{MODEL}:predict", json.dumps(document))
        return outputs["outputs"]

    def state(self, version):
        """Of a version of the model, such as `"AVAILABLE"`."""
        answer = self._ask("GET", MODEL)
        for status in answer["model_version_status"]:
            if status["version"] == str(version):
                return status["state"]
        return None

    def stats(self, stream_ids=(0,)):
        """The outputs of the signature `stats`, as lists."""
        return self("stats", stream_id=list(stream_ids))

    def _ask(self, method, path, body=None):
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        return json.loads(content)


def to_json(data):
    return {"b64": base64.b64encode(data).decode()}


class RecordedStream:
    """What was sent in one stream, and what came back.

    Whatever can be known beforehand about its key frames is checked at once.

    Attributes:
        images: the files sent, bytes.
        is_key: of each.
        labels: PNG files, bytes.
        evictions: key frames for which there was no other reason.
    """

    def __init__(self, requests, stream_id, interval):
        self.stream_id = stream_id
        self.images, self.is_key, self.labels = [], [], []
        self.evictions = 0
        self._requests = requests
        self._interval = interval
        self._since_key = None

    def send(self, image, force_key=False, starts=False):
        """Sends a frame; `starts` tells that it has another size."""
        answer = self._requests(
            "stream",
            image_bytes=[to_json(image)],
            stream_id=[self.stream_id],
            force_key=[force_key],
        )
        (is_key,), (since_key,) = answer["is_key"], answer["frames_since_key"]
        if starts or force_key or self._since_key in (None, self._interval - 1):
            assert is_key
        elif is_key:
            self.evictions += 1
        assert since_key == (0 if is_key else self._since_key + 1)
        self._since_key = since_key
        self.images.append(image)
        self.is_key.append(is_key)
        (labels,) = answer["label_png_bytes"]
        self.labels.append(base64.b64decode(labels["b64"]))

    def close(self):
        """Closes the stream; it may have been evicted before."""
        self._requests("close", stream_id=[self.stream_id])
        self._since_key = None


def replayed(run, stream, rows=100):
    """What a stream's frames give by themselves, in their order.

    Args:
        run: a loaded model of `exported_models`, which no one else uses.
        stream: has `images` and `is_key`.
        rows: frames in one request.

    Returns:
        list of PNG files.
    """
    labels = []
    for start in range(0, len(stream.images), rows):
        images = stream.images[start : start + rows]
        is_key = stream.is_key[start : start + rows]
        forced = np.flatnonzero(is_key)
        inputs = stream_inputs(images, [1] * len(images), forced)
        answer = run("stream", **inputs)
        assert answer["is_key"].tolist() == is_key
        labels += answer["label_png_bytes"].tolist()
    run("close", stream_id=[1])
    return labels


def check_recorded(run, stream):
    """Compares all labels of a stream with those it has by itself."""
    for own, expected in zip(stream.labels, replayed(run, stream), strict=True):
        # The same pixels make the same file.
        if own != expected:
            np.testing.assert_array_equal(*decode([own, expected]))
            raise AssertionError("equal labels in different files")
