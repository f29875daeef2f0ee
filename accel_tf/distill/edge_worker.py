"""What an edge does beside segmenting, in a thread of its own."""

import queue
import threading
import time

from accel_tf.distill import messages
from accel_tf.distill.uplink import prepared

_MOST_WAITING = 64  # Frames that the worker has not looked at yet.
_STATES = ("connecting", "connected", "resync", "offline")


class EdgeWorker(threading.Thread):
    """Drives an `EdgeSession` between a `Link` and a `StudentPair`.

    Frames are made smaller and encoded here, and updates decoded and written
    into the copy of the student that is not in use, so that the thread that
    segments waits for none of it.

    Args:
        session: `EdgeSession`; only this thread changes it.
        pair: `StudentPair`.
        make_link: gives the `Link` for a function that it calls.
        frame_size: `(height, width)` of the video.
        on_note: called with one line about the connection.

    Attributes:
        answered: `threading.Event`, set once the server welcomed or refused
            this edge, or did not answer.
        error: what ended this thread, or `None`.
        now: newest time of the video, in seconds.
    """

    def __init__(self, session, pair, make_link, frame_size, on_note):
        super().__init__(name="distill_edge", daemon=True)
        self.session, self._pair = session, pair
        self.link = make_link(self._post)
        self._frame_size, self._note = frame_size, on_note
        self._events = queue.SimpleQueue()
        self._frames_waiting = 0
        self._is_sending = self._was_closed = False
        self.answered = threading.Event()
        self.error = None
        self.now = 0.0
        self.seconds = dict.fromkeys(_STATES, 0.0)
        self._state, self._since = "connecting", time.monotonic()

    # === Called by the thread that segments ===

    def offer(self, number, seconds, image):
        """Takes a frame, if the server wants one of this time.

        Args:
            number: of the frame in the video, from 0.
            seconds: its time in the video.
            image: uint8 RGB `[H, W, 3]`, which is not changed later.
        """
        self.now = seconds
        if (
            self.session.wants_frame(seconds)
            and self._frames_waiting < _MOST_WAITING
        ):
            self._frames_waiting += 1
            self._events.put(("frame", (number, seconds, image), None))
        elif seconds >= self.session.next_sending:
            self._events.put(("tick", None, None))

    def close(self, timeout=10.0):
        """Ends the connection in good order, and this thread."""
        self._events.put(("end", None, None))
        self.join(timeout)
        self._enter(None)

    def _post(self, kind, value):
        self._events.put((kind, value, time.perf_counter()))

    # === In this thread ===

    def run(self):
        self.link.start()
        try:
            while True:
                kind, value, arrival = self._events.get()
                if kind == "end":
                    return
                self._handle(kind, value, arrival)
        except Exception as error:
            self.error = error
        finally:
            self.answered.set()
            if self.session.is_connected:
                self.link.send({"type": "bye"})
            self.session.disconnect()
            self.link.close()

    def _handle(self, kind, value, arrival):
        session = self.session
        if kind == "frame":
            self._frames_waiting -= 1
            number, seconds, image = value
            if session.wants_frame(seconds):
                image = prepared(image, session.size)
                session.add_frame(number, seconds, image)
        elif kind == "open":
            self._send(session.connect(self._frame_size))
        elif kind == "message":
            self._receive(value, arrival)
        elif kind == "sent":
            self._is_sending = False
        elif kind in ("closed", "refused"):
            self._closed(kind, value)
        if not self._is_sending and (due := session.due_frames(self.now)):
            self._is_sending = True
            self._send(due)

    def _receive(self, message, arrival):
        session, before = self.session, self.session.sequence
        was_connected = session.is_connected
        try:
            replies = session.receive(message, self.now)
        except messages.MessageError as error:
            replies = [messages.error(error)]
            session.refusal = str(error)
        if session.sequence != before:
            size = messages.wire_size(messages.pack(message), False)
            self._pair.load(
                session.weights,
                {
                    "sequence": session.sequence,
                    "kind": message["type"],
                    "size": size,
                    "taught_at": session.time,
                    "arrival": arrival,
                },
            )
        self._send(replies)
        if session.refusal is not None:
            self.link.end()
            self._closed("refused", session.refusal)
        elif session.is_connected and not was_connected:
            self.link.welcomed()
            self._note("connected to the server")
            self._was_closed = False
            self.answered.set()
        if session.is_connected:
            self._enter("resync" if session.is_resyncing else "connected")

    def _send(self, replies):
        for reply in replies:
            self.link.send(reply)

    def _closed(self, kind, reason):
        if kind == "refused":
            self.session.refusal = reason
        if not self._was_closed:
            self._note(f"no connection to the server: {reason}")
        self._was_closed, self._is_sending = True, False
        self.session.disconnect()
        self._enter("offline")
        self.answered.set()

    def _enter(self, state):
        now = time.monotonic()
        if self._state is not None:
            self.seconds[self._state] += now - self._since
        self._state, self._since = state, now
