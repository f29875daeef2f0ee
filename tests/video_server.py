"""A small web server of videos that can be stopped and started again."""

import http.server
import threading
import time

import cv2
from video_making import flat


class VideoServer:
    """Serves `/live`, JPEGs of the pictures of `flat` without an end, and
    `/file`, the bytes `data`, by pieces where a client asks for a piece.

    Args:
        data: bytes of `/file`.
        limit: after how many bytes of `/file` connections break, once.
    """

    def __init__(self, data=b"", limit=None, frame_rate=40):
        self.data, self.limit, self.frame_rate = data, limit, frame_rate
        self.requests = 0
        self._port = 0
        self.start()

    def start(self):
        outer = self
        self._stopped = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                outer.requests += 1
                if self.path == "/live":
                    outer.send_live(self)
                elif self.path == "/file":
                    outer.send_file(self)
                else:
                    self.send_error(404)

            def log_message(self, *arguments):
                pass

        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", self._port), Handler
        )
        self._server.daemon_threads = True
        self._port = self._server.server_port
        self.url = f"http://127.0.0.1:{self._port}"
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()

    def stop(self):
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def send_live(self, handler):
        stopped, index = self._stopped, 0
        handler.send_response(200)
        kind = "multipart/x-mixed-replace; boundary=frame"
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        while not stopped.is_set():
            jpeg = cv2.imencode(".jpg", flat(index % 25))[1].tobytes()
            head = (
                f"--frame\r\nContent-Type: image/jpeg\r\n"
                f"Content-Length: {len(jpeg)}\r\n\r\n"
            )
            try:
                handler.wfile.write(head.encode() + jpeg + b"\r\n")
            except OSError:
                return
            index += 1
            time.sleep(1 / self.frame_rate)

    def send_file(self, handler):
        begin = 0
        asked = handler.headers.get("Range", "")
        if asked.startswith("bytes="):
            begin = int(asked[6:].split("-")[0])
        handler.send_response(206 if asked else 200)
        handler.send_header("Accept-Ranges", "bytes")
        handler.send_header("Content-Length", str(len(self.data) - begin))
        end = len(self.data)
        handler.send_header("Content-Range", f"bytes {begin}-{end - 1}/{end}")
        handler.end_headers()
        limit, self.limit = self.limit, None
        try:
            handler.wfile.write(self.data[begin:limit])
        except OSError:
            pass
