"""Reads HTTP/1.1 requests (RFC 9112) from a stream of bytes."""

import dataclasses
import re

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(rb"HTTP/(\d)\.(\d)")
# What other programs may take for the end of a line or of a text.
_BREAK = re.compile(rb"[\r\0]")
_MAX_HEADERS = 100
_CHUNK_LINE = 1024
_PIECE = 2**18


class HttpError(Exception):
    """A request that cannot be read on; the connection must be closed.

    Attributes:
        status: status code of the answer.
        message: what was wrong.
        headers: further headers of the answer, a dict.
    """

    def __init__(self, status, message, headers=None):
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


@dataclasses.dataclass(frozen=True)
class RequestHead:
    """What comes before the body of a request.

    Attributes:
        method: `"GET"`, `"POST"`, ...
        path: path and query, as they came.
        headers: dict of name in lower case -> value; repeated ones are
            joined by commas.
        keep_alive: whether the client wants to go on after the answer.
        expects_continue: whether the client waits for a word before it
            sends the body.
        content_length: bytes of the body, None if it comes in chunks.
        is_1_1: whether it was said in HTTP/1.1, rather than 1.0.
    """

    method: str
    path: str
    headers: dict[str, str]
    keep_alive: bool
    expects_continue: bool
    content_length: int | None
    is_1_1: bool = True


def read_head(stream, limit):
    """Reads the request line and the headers.

    Args:
        stream: buffered binary file.
        limit: the bytes that they may have together.

    Returns:
        A `RequestHead`; None if the stream ends before or in it.

    Raises:
        HttpError: for a faulty, too long or unknown kind of head.
    """
    lines = _Lines(stream, limit)
    line = lines.read()
    while line == b"":
        line = lines.read()
    if line is None:
        return None
    method, path, place, version = _request_line(line)
    headers = {}
    while line := lines.read():
        name, separator, value = line.partition(b":")
        # Neither a folded line nor a name with spaces around it.
        if not separator or not _TOKEN.fullmatch(name) or _BREAK.search(value):
            raise HttpError(400, "Malformed header line")
        name = name.decode("ascii").lower()
        value = value.strip(b" \t").decode("latin-1")
        if name in headers:
            if name == "host":
                raise HttpError(400, "More than one Host")
            value = f"{headers[name]}, {value}"
        headers[name] = value
        if len(headers) > _MAX_HEADERS:
            raise HttpError(431, f"More than {_MAX_HEADERS} headers")
    if line is None:
        return None
    if place is not None:
        # It counts rather than what the headers say (RFC 9112, 3.2.2).
        headers["host"] = place
    is_1_1 = version >= (1, 1)
    options = headers.get("connection", "").lower().replace(" ", "").split(",")
    keep_alive = "close" not in options and (is_1_1 or "keep-alive" in options)
    expectation = headers.get("expect", "").lower()
    if expectation not in ("", "100-continue"):
        raise HttpError(417, f"Unknown expectation: {expectation}")
    return RequestHead(
        method,
        path,
        headers,
        keep_alive,
        expects_continue=is_1_1 and bool(expectation),
        content_length=_content_length(headers),
        is_1_1=is_1_1,
    )


def read_body(stream, head, limit, take=lambda count: None):
    """Reads the body of a request.

    Args:
        stream: buffered binary file.
        head: the `RequestHead` that came before.
        limit: most bytes of the body.
        take: called with the number of bytes of each piece; may raise.

    Returns:
        bytes; None if the stream ends in the body.

    Raises:
        HttpError: for too long a body or faulty chunks.
    """
    body = bytearray()
    if head.content_length is not None:
        check_length(head.content_length, limit)
        whole = _read_pieces(stream, head.content_length, body, take)
        return bytes(body) if whole else None
    total = 0
    while True:
        line = _Lines(stream, _CHUNK_LINE).read()
        if line is None:
            return None
        digits = line.partition(b";")[0].strip(b" \t")
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,16}", digits):
            raise HttpError(400, "Malformed chunk size")
        size = int(digits, 16)
        if not size:
            break
        total += size
        check_length(total, limit)
        if not _read_pieces(stream, size, body, take):
            return None
        end = stream.read(2)
        if len(end) < 2:
            return None
        if end != b"\r\n":
            raise HttpError(400, "Malformed chunk")
    trailers = _Lines(stream, _PIECE)
    while line := trailers.read():
        pass
    return None if line is None else bytes(body)


def check_length(length, limit):
    """Refuses a body of `length` bytes if that is more than `limit`."""
    if length > limit:
        raise HttpError(413, f"The request's body has more than {limit} bytes")


class _Lines:
    """Lines without their ends, as long as `limit` bytes suffice."""

    def __init__(self, stream, limit):
        self._stream = stream
        self._left = limit

    def read(self):
        line = self._stream.readline(self._left + 1)
        if len(line) > self._left:
            raise HttpError(431, "Request line and headers are too long")
        self._left -= len(line)
        if not line.endswith(b"\n"):
            return None
        return line[:-1].removesuffix(b"\r")


def _request_line(line):
    parts = line.split(b" ")
    version = _VERSION.fullmatch(parts[-1]) if len(parts) == 3 else None
    if not version or not _TOKEN.fullmatch(parts[0]) or _BREAK.search(line):
        raise HttpError(400, "Malformed request line")
    if version[1] != b"1":
        raise HttpError(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here")
    path = parts[1].decode("latin-1")
    # A proxy asks for the whole address.
    absolute = re.match(r"https?://([^/?#]*)", path, re.IGNORECASE)
    place = absolute[1] if absolute else None
    if absolute:
        path = path[absolute.end() :] or "/"
    if not path.startswith("/") and path != "*":
        raise HttpError(400, "Malformed request line")
    return parts[0].decode("ascii"), path, place, (1, int(version[2]))


def _content_length(headers):
    length = headers.get("content-length")
    encoding = headers.get("transfer-encoding")
    if encoding is not None:
        # Two lengths are how requests are smuggled past a proxy.
        if length is not None:
            raise HttpError(400, "Both Transfer-Encoding and Content-Length")
        if encoding.lower() != "chunked":
            raise HttpError(501, f"Unknown Transfer-Encoding: {encoding}")
        return None
    if length is None:
        return 0
    # The same one twice is one.
    values = {value.strip() for value in length.split(",")}
    value = values.pop()
    if values or not re.fullmatch(r"[0-9]+", value, re.ASCII):
        raise HttpError(400, f"Malformed Content-Length: {length}")
    # Python refuses to read numbers of thousands of digits.
    return int(value) if len(value) < 20 else 10**20


def _read_pieces(stream, count, body, take):
    while count:
        piece = stream.read(min(count, _PIECE))
        if not piece:
            return False
        take(len(piece))
        body += piece
        count -= len(piece)
    return True
