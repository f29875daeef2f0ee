"""An HTTP client that sends whatever it is given, byte by byte."""

import socket


class RawClient:
    """One connection.

    Args:
        server: an `HttpServer`.
        seconds: after which a test that waits for an answer has failed.
    """

    def __init__(self, server, seconds=10.0):
        self.socket = socket.create_connection(
            ("127.0.0.1", server.server_address[1]), seconds
        )
        self._stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._stream.close()
        self.socket.close()

    def send(self, data):
        """Sends bytes as they are."""
        self.socket.sendall(data)

    def request(self, method="GET", path="/", body=b"", headers=()):
        """Sends a request and gives its answer, as `answer`."""
        lines = [f"{method} {path} HTTP/1.1", "Host: test", *headers]
        lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode() + body)
        return self.answer()

    def answer(self, has_body=True):
        """Reads an answer: `(status, headers, body)`.

        The headers' names are in lower case.
        """
        line = self._stream.readline()
        assert line.startswith(b"HTTP/1.1 "), line
        headers = {}
        while (header := self._stream.readline()) != b"\r\n":
            name, _, value = header.decode().partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0)) if has_body else 0
        body = self._stream.read(length)
        assert len(body) == length
        return int(line.split()[1]), headers, body

    def status(self):
        """Reads an answer and gives its status; None if there is no more."""
        if not self._stream.peek(1):
            return None
        return self.answer()[0]

    def is_closed(self):
        """Waits for the server to close; whether nothing came before."""
        try:
            return self._stream.read(1) == b""
        except ConnectionResetError:
            return True
