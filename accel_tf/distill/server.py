"""What `accel-tf distill-server` does."""

import asyncio
import concurrent.futures
import contextlib
import signal
import time

from accel_tf.distill import messages
from accel_tf.distill.access import head_of
from accel_tf.distill.server_connection import ServerConnection
from accel_tf.distill.session_store import SessionStore
from accel_tf.messages import one_line, tell
from accel_tf.optional import require
from accel_tf.serving.access import Access
from accel_tf.serving.http_request import HttpError

_SECONDS_TO_HELLO = 10.0
# Longer than an edge's, whose answers may wait behind its frames.
_HEARTBEAT = 120.0
_SECONDS_BETWEEN_LOOKS = 1.0
_MOST_BYTES = 2**26  # Of a message from an edge.


class DistillServer:
    """Teaches the students of several edges over WebSocket.

        server = DistillServer(classroom, state_dir="out/states")
        asyncio.run(server.serve("127.0.0.1", 8700))

    The event loop takes and gives messages; one thread labels, trains and
    encodes, for one edge after another.

    Args:
        classroom: `Classroom`.
        token: that edges must send, or several of which they must send one,
            or `None`.
        state_dir: folder in which what students learnt outlives the server,
            made if it is missing; `None` for none.
        most_edges: that are known at a time. Where there are more, those that
            left first are forgotten, or read from `state_dir` when they are
            back; if all are there, a further one has to wait.
        log: called with a line for each event.
        allowed_hosts: names by which edges call the server besides those of
            this machine and the address that it listens on.

    Raises:
        ValueError, OSError: one line, if the folder cannot be used or holds
            what students of another model learnt.
        ImportError: if aiohttp or msgpack is missing.

    Attributes:
        port: that it listens on, once it does.
    """

    def __init__(
        self,
        classroom,
        token=None,
        state_dir=None,
        most_edges=8,
        log=tell,
        allowed_hosts=(),
    ):
        self._web = require("aiohttp.web", "distill")
        self._types = require("aiohttp", "distill").WSMsgType
        require("msgpack", "distill")
        self._classroom, self._log = classroom, log
        self._tokens = [token] if isinstance(token, str) else token or ()
        self._allowed_hosts, self._access = tuple(allowed_hosts), None
        self._most_edges = most_edges
        self._connections = {}
        self._store = SessionStore(
            classroom,
            state_dir,
            most_edges,
            self._connections.__contains__,
            log,
        )
        self._worker = concurrent.futures.ThreadPoolExecutor(
            1, thread_name_prefix="distill_train"
        )
        self.port = None

    @property
    def sessions(self):
        """dict of edge -> `ServerSession`."""
        return self._store.sessions

    # === From start to end ===

    async def serve(self, host, port, tls=None, stop=None, on_ready=None):
        """Answers edges until it is told to stop, then ends in good order.

        Args:
            host, port: to listen on; port 0 is a free one.
            tls: `ssl.SSLContext`, or `None`.
            stop: `asyncio.Event`; by default SIGINT and SIGTERM stop it.
            on_ready: called with the address once it answers.

        Raises:
            OSError: if the address is taken.
            ValueError: if one of the allowed hosts is none.
        """
        self._access = Access(
            host,
            self._tokens,
            self._allowed_hosts,
            enable_cors=None,
            is_https=tls is not None,
        )
        self._wake = asyncio.Event()
        stop = asyncio.Event() if stop is None else stop
        with _stopping_by_signals(stop):
            app = self._web.Application(client_max_size=0)
            app.router.add_get("/", self._answer)
            runner = self._web.AppRunner(app, access_log=None)
            await runner.setup()
            try:
                site = self._web.TCPSite(runner, host, port, ssl_context=tls)
                await site.start()
                self.port = runner.addresses[0][1]
                scheme = "ws" if tls is None else "wss"
                if on_ready is not None:
                    on_ready(f"{scheme}://{_in_url(host)}:{self.port}")
                await self._until(stop)
            finally:
                for connection in list(self._connections.values()):
                    await connection.close({"type": "bye"})
                await runner.cleanup()
                self._worker.shutdown()

    async def _until(self, stop):
        work = asyncio.create_task(self._work(stop))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait(
                [work, stopped], return_when=asyncio.FIRST_COMPLETED
            )
            # A phase that runs is finished, and what it learnt saved.
            self._wake.set()
            await work
        finally:
            stopped.cancel()
        for session in list(self.sessions.values()):
            await self._store.save(session)

    # === Connections ===

    async def _answer(self, request):
        try:
            self._access.check(head_of(request))
        except HttpError as error:
            reason = error.message[0].lower() + error.message[1:]
            self._log(f"{request.remote}: refused, {reason}")
            return self._web.Response(
                status=error.status, text=f"{reason}\n", headers=error.headers
            )
        socket = self._web.WebSocketResponse(
            heartbeat=_HEARTBEAT, max_msg_size=_MOST_BYTES, compress=False
        )
        if not socket.can_prepare(request).ok:
            return self._web.Response(
                status=426, text="this is a distill-server; use WebSocket\n"
            )
        await socket.prepare(request)
        # All weights twice: what waits beyond that waits for nobody.
        most_bytes = 2 * self._classroom.codec.most_bytes
        connection = ServerConnection(socket, request.transport, most_bytes)
        try:
            await self._converse(connection, request.remote)
        finally:
            await connection.close()
        return socket

    async def _converse(self, connection, remote):
        try:
            hello = await self._first(connection)
            session = await self._store.session(hello["edge"])
        except (messages.MessageError, ValueError, OSError) as error:
            self._log(f"{remote}: refused, {one_line(error)}")
            await connection.close(messages.error(error))
            return
        if session is None:
            self._log(f"{remote}: has to wait, {self._most_edges} edges are on")
            reason = f"the server has {self._most_edges} edges, its most"
            await connection.close(messages.error(reason, again=True))
            return
        name = session.edge
        old = self._connections.pop(name, None)
        if old is not None:
            await old.close(_taken_over(old, hello))
        self._connections[name], connection.run = connection, hello["run"]
        try:
            await self._listen(session, connection, hello, remote)
        finally:
            if self._connections.get(name) is connection:
                del self._connections[name]
                session.disconnect()
                self._log(f"{name}: left, with weights {session.digest[:12]}")
                self._wake.set()

    async def _first(self, connection):
        try:
            async with asyncio.timeout(_SECONDS_TO_HELLO):
                message = await self._next(connection)
        except TimeoutError:
            raise messages.MessageError(
                f"no hello in {_SECONDS_TO_HELLO:g} seconds."
            ) from None
        if message is None or message["type"] != "hello":
            raise messages.MessageError("the first message must be hello.")
        return message

    async def _next(self, connection):
        """The next message, or `None` at the end of the connection."""
        received = await connection.socket.receive()
        if received.type in (
            self._types.CLOSE,
            self._types.CLOSING,
            self._types.CLOSED,
        ):
            return None
        if received.type is self._types.ERROR:
            raise messages.MessageError(one_line(received.data))
        if received.type is not self._types.BINARY:
            raise messages.MessageError("messages are binary.")
        return messages.unpack(received.data, _MOST_BYTES)

    async def _listen(self, session, connection, message, remote):
        name = session.edge
        while message is not None:
            try:
                replies = session.receive(message, time.monotonic())
                self._tell(session)
            except messages.MessageError as error:
                replies = [messages.error(error)]
            for reply in replies:
                if reply["type"] == "error":
                    self._log(f"{name} ({remote}): refused, {reply['reason']}")
                    await connection.close(reply)
                    return
                if reply["type"] == "welcome":
                    size = "{}x{}".format(*reply["size"])
                    self._log(
                        f"{name}: connected from {remote}, frames of {size}"
                    )
                connection.send(reply)
            self._wake.set()
            if message["type"] in ("bye", "error"):
                return
            try:
                message = await self._next(connection)
            except messages.MessageError as error:
                self._log(f"{name}: the connection ends, {error}")
                await connection.close(messages.error(error))
                return

    # === Work ===

    async def _work(self, stop):
        """One phase after another, round robin."""
        while not stop.is_set():
            session = self._store.next_due(time.monotonic())
            if session is None:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_SECONDS_BETWEEN_LOOKS):
                        await self._wake.wait()
                continue
            await self._run_phase(session)

    async def _run_phase(self, session):
        phase = session.begin(time.monotonic())
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._worker, phase.run)
        except Exception as error:
            phase.fail(f"the server failed: {type(error).__name__}: {error}")
        replies = session.finish(phase, time.monotonic())
        self._tell(session)
        connection = self._connections.get(session.edge)
        for reply in replies if connection is not None else ():
            if reply["type"] == "error":
                self._log(f"{session.edge}: refused, {reply['reason']}")
                await connection.close(reply)
            else:
                connection.send(reply)
        if phase.frames or phase.encoded is not None:
            await self._store.save(session, is_last=False)

    def _tell(self, session):
        lines, session.events = session.events, []
        for line in lines:
            self._log(f"{session.edge}: {line}")


def _taken_over(old, hello):
    """What a connection is told whose edge has opened another."""
    if old.run == hello["run"]:
        return None  # It lost this one, and is back.
    return messages.error(
        f"another edge is called {hello['edge']}; give each its --edge-id"
    )


def _in_url(host):
    return f"[{host}]" if ":" in host else host


@contextlib.contextmanager
def _stopping_by_signals(stop):
    """Sets an event at SIGINT and SIGTERM, where signals arrive."""
    loop, added = asyncio.get_running_loop(), []
    for each in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            before = signal.getsignal(each)
            loop.add_signal_handler(each, stop.set)
            added.append((each, before))
    try:
        yield
    finally:
        for each, before in added:
            loop.remove_signal_handler(each)
            signal.signal(each, before)
