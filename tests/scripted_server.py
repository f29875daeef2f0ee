"""A server of a model in plain NumPy, whose faults are told beforehand."""

import base64
import contextlib
import http.server
import json
import socket
import threading

import numpy as np

from accel_tf import optional

INTERVAL = 4


class ScriptedServer(http.server.ThreadingHTTPServer):
    """Answers as an export does: a pixel's label is its red value.

    Args:
        *faults: what happens to the requests to the signature `stream`, one
            after the other; the rest succeeds. Each is one of:
            `"lost"`: acts and goes away without an answer;
            `"unseen"`: goes away without acting, after all of the request;
            `"broken"`: goes away before it has read the request;
            `"late"`: acts, but answers only when `go` is set;
            a tuple (status, headers, body): answers this.
        port: to listen on; 0 for a free one.

    Attributes:
        seen: what the model acted on: (stream, first red value, force_key)
            for each frame and (stream, "close").
        at_once: the most requests of one stream that were there at a time.
        paths: paths of all requests.
        pages: path -> document, what GET requests are answered.
    """

    daemon_threads = True
    # A connection more must not wait for the one before.
    request_queue_size = 64

    def __init__(self, *faults, port=0):
        super().__init__(("127.0.0.1", port), _Connection)
        self.faults = list(faults)
        self.seen, self.paths, self.pages = [], [], {}
        self.counts, self.waiting = {}, {}
        self.at_once = 0
        self.go = threading.Event()
        self.lock = threading.Lock()
        self.connections = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def get_request(self):
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def drop_connections(self):
        """Ends all connections, as a server does with idle ones."""
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def handle_error(self, request, client_address):
        pass  # A client that is gone.

    def act(self, signature, inputs):
        """The outputs of the model."""
        if signature == "close":
            return [self._close(stream) for stream in inputs["stream_id"]]
        images = [base64.b64decode(one["b64"]) for one in inputs["image_bytes"]]
        labels = [red_of(image) for image in images]
        pngs = [{"b64": as_png(each)} for each in labels]
        if signature == "serving_default":
            is_key = [index % INTERVAL == 0 for index in range(len(images))]
            return {"label_png_bytes": pngs, "is_key": is_key}
        (stream,), (force_key,) = inputs["stream_id"], inputs["force_key"]
        self.seen.append((stream, int(labels[0].flat[0]), force_key))
        count = self.counts.get(stream, -1) + 1
        count = 0 if force_key or count == INTERVAL else count
        self.counts[stream] = count
        return {
            "label_png_bytes": pngs,
            "is_key": [count == 0],
            "frames_since_key": [count],
        }

    def _close(self, stream):
        self.seen.append((stream, "close"))
        return self.counts.pop(stream, None) is not None


class _Connection(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else every answer waits 40 ms for the acknowledgement of its headers.
    wbufsize = -1

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.server.paths.append(self.path)
        known = self.path in self.server.pages
        page = self.server.pages.get(self.path, {"error": "not found"})
        self._answer(200 if known else 404, {}, json.dumps(page).encode())

    def do_POST(self):
        server = self.server
        server.paths.append(self.path)
        length = int(self.headers["Content-Length"])
        fault = None
        if server.faults and server.faults[0] == "broken":
            fault = server.faults.pop(0)
            self.close_connection = True
            return
        request = json.loads(self.rfile.read(length))
        signature, inputs = request["signature_name"], request["inputs"]
        is_frame = signature == "stream"
        stream = inputs["stream_id"][0] if is_frame else None
        with server.lock:
            if is_frame and server.faults:
                fault = server.faults.pop(0)
            waiting = server.waiting.get(stream, 0) + 1
            server.waiting[stream] = waiting
            if is_frame:
                server.at_once = max(server.at_once, waiting)
        self.close_connection = fault in ("lost", "unseen")
        if not isinstance(fault, tuple) and fault != "unseen":
            with server.lock:
                outputs = server.act(signature, inputs)
        if fault == "late":
            server.go.wait(10)
        with server.lock:
            server.waiting[stream] -= 1
        if isinstance(fault, tuple):
            self._answer(*fault)
        elif not self.close_connection:
            body = json.dumps({"outputs": outputs}).encode()
            self._answer(200, {}, body)

    def _answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def scripted(*faults, port=0):
    server = ScriptedServer(*faults, port=port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.go.set()
        server.shutdown()
        server.drop_connections()
        server.server_close()
        thread.join()


def red_of(image):
    pixels = np.frombuffer(image, np.uint8)
    return optional.cv2().imdecode(pixels, 1)[..., 2]


def as_png(labels):
    _, data = optional.cv2().imencode(".png", labels)
    return base64.b64encode(data.tobytes()).decode()
