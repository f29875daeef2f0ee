"""A client that goes on whatever it sends."""

from raw_http import RawClient


class PersistentClient:
    """Connects again whenever the server has closed."""

    def __init__(self, server):
        self._server = server
        self._connection = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.leave()

    def leave(self):
        if self._connection:
            self._connection.__exit__()
        self._connection = None

    def ask(self, method, path, headers, body):
        """`(status, headers, body)` of the answer."""
        if self._connection is None:
            self._connection = RawClient(self._server, 30)
        self._connection.send(as_bytes(method, path, headers, body))
        answer = self._connection.answer(has_body=method != "HEAD")
        if answer[1]["connection"] == "close":
            self.leave()
        return answer

    def send_half(self, rng, *request):
        """Goes away in the middle of a request."""
        self.leave()
        data = as_bytes(*request)
        with RawClient(self._server) as connection:
            connection.send(data[: rng.randrange(len(data))])


def as_bytes(method, path, headers, body):
    """A request as it is sent; nothing in it is checked."""
    lines = [f"{method} {path} HTTP/1.1", "Host: test"]
    lines += (f"{name}: {value}" for name, value in headers.items())
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
