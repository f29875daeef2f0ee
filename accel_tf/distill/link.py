"""An edge's connection to its server, kept alive in a thread of its own."""

import asyncio
import random
import socket
import threading
import urllib.parse

from accel_tf.distill import messages
from accel_tf.optional import require
from accel_tf.serving.tls import client_context

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0
_SECONDS_TO_CONNECT = 10.0
# A link that is dead without a word is found out in one and a half of it.
# Long, because an answer may wait behind a large message on a slow link.
_HEARTBEAT = 60.0
_REFUSED = {
    401: "the server refuses the token",
    403: "the server forbids it; its --allowed-host must name {host}",
}


class Link(threading.Thread):
    """Connects, sends, receives, and connects again after a while.

    Nothing of it waits for the one who uses it, nor the other way round.

    Args:
        url: of the server, `ws://` or `wss://`.
        on_event: called from this thread with `"open"`; `"message"` and a
            message, checked; `"sent"` when nothing waits to be sent;
            `"closed"` and one line why; `"refused"` and one line why, after
            which it does not connect again.
        most_bytes: of a message from the server.
        token: text that the server asks for, or `None`.
        ca: file of the certificates that it trusts, or `None` for the
            system's.

    Raises:
        ValueError, OSError: one line, if the URL is none or the file cannot
            be read.
        ImportError: if aiohttp is missing.

    Attributes:
        bytes_up, bytes_down: counted at the socket, with everything that
            WebSocket, HTTP and TLS add.
    """

    def __init__(self, url, on_event, most_bytes, token=None, ca=None):
        super().__init__(name="distill_link", daemon=True)
        self._aiohttp = require("aiohttp", "distill")
        self._url, self._on_event = _checked_url(url), on_event
        self._most_bytes, self._ssl = most_bytes, _context(url, ca)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._counter = _Counter()
        self._loop = asyncio.new_event_loop()
        self._outgoing = self._closing = None
        self._is_closed = threading.Event()

    @property
    def bytes_up(self):
        return self._counter.sent

    @property
    def bytes_down(self):
        return self._counter.received

    # === Called by others ===

    def send(self, message):
        """Sends a message, if there is a connection; else it is dropped."""
        data = messages.pack(message)
        self._call(self._put, data)

    def welcomed(self):
        """The server took this edge: the next wait is a short one again."""
        self._call(self._reset_wait)

    def end(self):
        """Sends what waits to be sent, and ends in the background."""
        self._call(self._end)

    def close(self, timeout=5.0):
        """Sends what waits to be sent, and ends."""
        self.end()
        self.join(timeout)

    def _call(self, function, *arguments):
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            pass  # It has ended.

    # === In this thread ===

    def run(self):
        try:
            self._loop.run_until_complete(self._keep_connected())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _put(self, data):
        if self._outgoing is not None:
            self._outgoing.put_nowait(data)

    def _reset_wait(self):
        self._wait = _FIRST_WAIT

    def _end(self):
        if self._closing is not None:
            self._closing.set()
        else:
            self._is_closed.set()

    async def _keep_connected(self):
        self._closing = asyncio.Event()
        if self._is_closed.is_set():
            return
        self._wait = _FIRST_WAIT
        while not self._closing.is_set():
            try:
                await self._connection()
            except _Refused as error:
                self._on_event("refused", str(error))
                return
            except (OSError, ValueError, self._aiohttp.ClientError) as error:
                reason = " ".join(str(error).split()) or type(error).__name__
                self._on_event("closed", reason)
            except TimeoutError:
                self._on_event("closed", "the server does not answer")
            # Not all edges at once after a restart of the server.
            wait = self._wait * random.uniform(0.7, 1.3)
            self._wait = min(2 * self._wait, _LONGEST_WAIT)
            try:
                await asyncio.wait_for(self._closing.wait(), wait)
            except TimeoutError:
                pass

    async def _connection(self):
        aiohttp = self._aiohttp
        connector = aiohttp.TCPConnector(
            ssl=self._ssl or True, socket_factory=self._counter.socket
        )
        async with aiohttp.ClientSession(connector=connector) as session:
            try:
                async with asyncio.timeout(_SECONDS_TO_CONNECT):
                    socket_ = await session.ws_connect(
                        self._url,
                        headers=self._headers,
                        heartbeat=_HEARTBEAT,
                        max_msg_size=self._most_bytes,
                    )
            except aiohttp.ClientConnectorCertificateError as error:
                raise _Refused(
                    "the server's certificate is not trusted "
                    f"({error.certificate_error}); give --ca FILE"
                ) from error
            except aiohttp.WSServerHandshakeError as error:
                raise self._of_status(error) from error
            async with socket_:
                await self._talk(socket_)

    def _of_status(self, error):
        if error.status in _REFUSED:
            host = urllib.parse.urlsplit(self._url).hostname
            return _Refused(_REFUSED[error.status].format(host=host))
        if error.status >= 500:
            return OSError(f"the server answers {error.status}")
        return _Refused(
            f"what answers there is no distill-server (status {error.status})"
        )

    async def _talk(self, socket_):
        self._outgoing = asyncio.Queue()
        sender = asyncio.create_task(self._send_all(socket_))
        stopper = asyncio.create_task(self._closing.wait())
        receiver = asyncio.create_task(self._receive_all(socket_))
        self._on_event("open", None)
        tasks = sender, stopper, receiver
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if stopper.done():
                await self._flush(sender)
        finally:
            self._outgoing = None
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result
        self._on_event("closed", "the connection ended")

    async def _flush(self, sender):
        self._outgoing.put_nowait(None)
        await asyncio.wait([sender], timeout=2.0)

    async def _send_all(self, socket_):
        while (data := await self._outgoing.get()) is not None:
            await socket_.send_bytes(data)
            if self._outgoing.empty():
                self._on_event("sent", None)

    async def _receive_all(self, socket_):
        async for message in socket_:
            if message.type is not self._aiohttp.WSMsgType.BINARY:
                raise messages.MessageError("the server sent no message.")
            self._on_event(
                "message", messages.unpack(message.data, self._most_bytes)
            )
        if socket_.exception() is not None:
            raise OSError(str(socket_.exception()))


class _Refused(Exception):
    """There is no use in trying again."""


class _Counter:
    """Counts what goes through the sockets that it makes."""

    def __init__(self):
        self.sent = self.received = 0

    def socket(self, address):
        """A socket for an address, as aiohttp asks for one."""
        family, kind, protocol, *_ = address
        made = _CountedSocket(family, kind, protocol)
        made.counter = self
        made.setblocking(False)
        return made


class _CountedSocket(socket.socket):
    __slots__ = ("counter",)

    def send(self, *arguments):
        count = super().send(*arguments)
        self.counter.sent += count
        return count

    def sendmsg(self, *arguments):
        count = super().sendmsg(*arguments)
        self.counter.sent += count
        return count

    def recv(self, *arguments):
        data = super().recv(*arguments)
        self.counter.received += len(data)
        return data

    def recv_into(self, *arguments):
        count = super().recv_into(*arguments)
        self.counter.received += count
        return count


def _checked_url(url):
    parts = urllib.parse.urlsplit(url)
    try:
        is_right = parts.scheme in ("ws", "wss") and parts.hostname
        parts.port  # noqa: B018  It checks the number.
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError(
            f"{url} is no address of a server; give ws://HOST:PORT or "
            "wss://HOST:PORT."
        )
    return url


def _context(url, ca):
    if ca is None:
        return None
    if not url.startswith("wss://"):
        raise ValueError("--ca goes with a server at wss://.")
    return client_context(ca)
