"""A server's connection to an edge."""

import asyncio

from accel_tf.distill import messages

_SECONDS_TO_SEND = 5.0  # What is left, when a connection ends.


class ServerConnection:
    """A WebSocket to which messages are sent in the background.

    Args:
        socket: `aiohttp.web.WebSocketResponse`, prepared.
        transport: of the request.
        most_bytes: of messages that wait to be sent.

    Attributes:
        socket: as given.
        run: name of the run of the edge, once it has said it.
    """

    def __init__(self, socket, transport, most_bytes):
        self.socket, self.run, self._transport = socket, None, transport
        self._waiting, self._most_bytes = 0, most_bytes
        self._outgoing = asyncio.Queue()
        self._sender = asyncio.create_task(self._send_all())

    def send(self, message):
        """Sends a message after those before, without waiting.

        An edge that asks for more than it takes is cut off.
        """
        data = messages.pack(message)
        self._waiting += len(data)
        if self._waiting > self._most_bytes:
            self._sender.cancel()
            self._transport.abort()
            return
        self._outgoing.put_nowait(data)

    async def close(self, message=None):
        """Ends the connection, after a last message."""
        if message is not None:
            self.send(message)
        self._outgoing.put_nowait(None)
        await asyncio.wait([self._sender], timeout=_SECONDS_TO_SEND)
        self._sender.cancel()
        await self.socket.close()

    async def _send_all(self):
        while (data := await self._outgoing.get()) is not None:
            try:
                await self.socket.send_bytes(data)
            except (ConnectionError, RuntimeError):
                return  # It is closed; whoever receives finds out too.
            self._waiting -= len(data)
