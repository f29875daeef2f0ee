"""Servers of the models of `conformance_models.py`: ours and a real one."""

import contextlib
import dataclasses
import http.client
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.parse

from conformance_models import write_models

from accel_tf.serving.access import Access
from accel_tf.serving.http_server import HttpServer
from accel_tf.serving.model_manager import ModelManager
from accel_tf.serving.rest import RestHandler
from accel_tf.serving.saved_model_servable import SavedModelServable

URL_VARIABLE = "ACCEL_TF_SERVING_URL"
BINARY = "tensorflow_model_server"
MODELS = ("half_plus_two", "echo", "streams")
_SECONDS_TO_START = 120


class NoServerError(Exception):
    """There is no server to test; the message is one line."""


@dataclasses.dataclass
class Answer:
    """What a server answered."""

    status: int
    content_type: str
    body: bytes

    def json(self):
        """The parsed body, which must say that it is JSON."""
        assert self.content_type.startswith("application/json")
        return json.loads(self.body)


class ModelServer:
    """A server at an address, asked over one connection after the other.

    Attributes:
        url: of the server.
        folder: of its models; `None` if they are not on this machine.
    """

    def __init__(self, url, folder=None):
        self.url = url.rstrip("/")
        self.folder = folder
        self._address = urllib.parse.urlsplit(self.url)

    def ask(self, method, path, body=b"", headers=None):
        """Sends one request; gives an `Answer`."""
        connection = http.client.HTTPConnection(
            self._address.hostname, self._address.port or 80, timeout=60
        )
        with contextlib.closing(connection):
            # The path as it is, which urllib would quote.
            path = self._address.path + path
            connection.request(method, path, body or None, headers or {})
            answer = connection.getresponse()
            content_type = answer.headers.get("Content-Type", "")
            return Answer(answer.status, content_type, answer.read())

    def predict(self, model, signature, body):
        """Sends text or a document to a signature.

        Returns:
            `(status, document)`.
        """
        if not isinstance(body, str):
            body = json.dumps(body)
        if signature is not None:
            name = f'{{"signature_name":"{signature}",'
            body = body.replace("{", name, 1)
        path = f"/v1/models/{model}:predict"
        answer = self.ask("POST", path, body.encode())
        return answer.status, answer.json()

    def missing_models(self):
        """Those of `MODELS` that it does not serve; OSError without one."""
        missing = []
        for name in MODELS:
            answer = self.ask("GET", f"/v1/models/{name}")
            if answer.status != 200 or b"AVAILABLE" not in answer.body:
                missing.append(name)
        return missing


@contextlib.contextmanager
def embedded_server(folder):
    """Serves the models as `accel-tf serve` does, in this process."""
    manager = ModelManager(
        SavedModelServable, config_file=write_models(folder), poll_seconds=0
    )
    server = HttpServer(RestHandler(manager), access=Access())
    try:
        manager.start()
        assert manager.faults() == []
        server.start()
        yield ModelServer(server.url, folder)
        server.stop()
    finally:
        manager.close()


@contextlib.contextmanager
def tf_serving(folder, environment=os.environ):
    """A real TensorFlow Serving: the one there is, or one that it starts.

    Args:
        folder: empty folder for models to serve.
        environment: names the address of a server, or a PATH with a binary.

    Raises:
        NoServerError: there is neither, or not with these models.
    """
    url = environment.get(URL_VARIABLE)
    if url:
        yield _running(url)
        return
    binary = shutil.which(BINARY, path=environment.get("PATH", ""))
    if binary is None:
        raise NoServerError(
            f"no TensorFlow Serving to test: set {URL_VARIABLE}, such as "
            f"http://127.0.0.1:8501, or put {BINARY} on PATH."
        )
    config = write_models(folder)
    port = _free_port()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                binary,
                f"--port={_free_port()}",
                f"--rest_api_port={port}",
                f"--model_config_file={config}",
                # Else it refuses labels that are there at the start.
                "--allow_version_labels_for_unavailable_models=true",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        server = ModelServer(f"http://127.0.0.1:{port}", folder)
        _wait_for(server, process, log)
        yield server
    finally:
        process.kill()
        process.wait()


def _running(url):
    server = ModelServer(url)
    try:
        missing = server.missing_models()
    except OSError as error:
        raise NoServerError(
            f"{URL_VARIABLE}: no server at {url}: {error}."
        ) from error
    if missing:
        raise NoServerError(
            f"{URL_VARIABLE}: {url} does not serve {', '.join(missing)}; "
            "start it with the models.config that python "
            "tests/conformance_models.py FOLDER writes."
        )
    return server


def _wait_for(server, process, log):
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            if not server.missing_models():
                return
        time.sleep(0.1)
    lines = log.read_text(errors="replace").splitlines() or ["nothing"]
    raise NoServerError(f"{BINARY} does not serve; it last said: {lines[-1]}")


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
