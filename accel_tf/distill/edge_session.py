"""The edge's side of a connection, without sockets and clocks."""

import math

from accel_tf.distill import messages
from accel_tf.distill.codec import UpdateError
from accel_tf.distill.parameter_space import weights_digest
from accel_tf.distill.uplink import encode_frames

_MOST_KEPT = messages.MOST_FRAMES  # Frames that wait for a connection.


class EdgeSession:
    """What an edge says to its server, and what it makes of the answers.

        session = EdgeSession(codec, space.read(), names, "car-7", "run-1")
        send(session.connect(frame_size))
        for number, (time, frame) in enumerate(video):
            if session.wants_frame(time):
                session.add_frame(number, time, at_size(frame, session.size))
            send(session.due_frames(time))
            for message in received():
                send(session.receive(message, time))
            if session.sequence != sequence_before:
                space.write(session.weights)

    Whoever drives it sends what the methods give, lists of messages, and
    calls it from one thread at a time; `wants_frame` may be asked from
    another. Times are seconds of the video.

    Args:
        codec: `UpdateCodec` of the student.
        weights: float32 `[size]` that the student begins with.
        class_names: of the student.
        edge: name of this edge, the same after a restart, by which the
            server finds what it learnt for it: letters, digits, `-` and `_`.
        run: name of this run of the edge, whose clock goes on through lost
            connections.
        uplink: `"h264"` or `"jpeg"`.
        quality: as for `encode_frames`.

    Attributes:
        weights, sequence: the newest weights and the number of the update
            that they are of; 0 for those that it began with. Never changed
            in place.
        time: of the newest frame that these were taught on, or `None`.
        is_connected: whether the server has welcomed it.
        welcomed: whether a server ever did.
        size: `(height, width)` that the server asks for; `None` before.
        rate, period: frames per second, and seconds between two sendings.
        next_sending: time from which frames are to be sent.
        is_resyncing: whether it waits for all weights.
        refusal: why there is no use in going on with this server: what it
            said, or that its updates are of another kind; or `None`.
        faults: kinds of `UpdateError` that came, with their number.
        left_out: frames that were not sent, for want of a connection.
    """

    def __init__(
        self, codec, weights, class_names, edge, run, uplink="h264",
        quality=None,
    ):  # fmt: skip
        self._codec, self._class_names = codec, list(class_names)
        self._edge, self._run = edge, run
        self._uplink, self._quality = uplink, quality
        self.weights, self.sequence, self.time = weights, 0, None
        self.is_connected = self.welcomed = False
        self.size, self.rate, self.period = None, 1.0, 10.0
        self.refusal = None
        self.faults, self.left_out = {}, 0
        self._frames = []
        self._next_frame = self.next_sending = -math.inf
        self.is_resyncing = False

    # === The connection ===

    def connect(self, frame_size):
        """The first message of a new connection.

        Args:
            frame_size: `(height, width)` of the video.
        """
        self.is_connected = self.is_resyncing = False
        return [
            {
                "type": "hello",
                "version": messages.VERSION,
                "edge": self._edge,
                "run": self._run,
                "architecture": self._codec.space.digest,
                "classes": self._class_names,
                "sequence": self.sequence,
                "weights": weights_digest(self.weights),
                "frame_size": list(frame_size),
                "uplink": self._uplink,
            }
        ]

    def disconnect(self):
        """The connection ended, in whatever way."""
        self.is_connected = False

    def receive(self, message, now):
        """Takes a message of the server.

        Args:
            message: dict, as `messages.unpack` gives it.
            now: seconds of the video.

        Returns:
            list of messages to send.

        Raises:
            MessageError: if no server says this now; the connection should
                end.
        """
        kind = message["type"]
        if kind == "error":
            self.is_connected = False
            if not message["again"]:
                self.refusal = message["reason"]
            return []
        if kind == "bye":
            self.is_connected = False
            return []
        if kind == "welcome":
            return self._welcome(message, now)
        if not self.is_connected:
            raise messages.MessageError(f"{kind} before a welcome.")
        if kind == "rate":
            self.rate, self.period = message["rate"], message["period"]
            self._next_frame = min(self._next_frame, now + 1 / self.rate)
            return []
        if kind in ("update", "snapshot"):
            return self._apply(message["data"])
        raise messages.MessageError(f"a server does not say {kind}.")

    def _welcome(self, message, now):
        if message["version"] != messages.VERSION:
            raise messages.MessageError(
                f"the server speaks version {message['version']}, this edge "
                f"{messages.VERSION}."
            )
        size = tuple(message["size"])
        if self._uplink == "h264" and (size[0] % 2 or size[1] % 2):
            raise messages.MessageError("H.264 needs even sides of frames.")
        if size != self.size:
            self._frames.clear()
        self.size = size
        self.rate, self.period = message["rate"], message["period"]
        self.is_connected = self.welcomed = True
        self._next_frame = min(self._next_frame, now)
        if self.next_sending == -math.inf:
            self.next_sending = now + self.period
        return []

    # === Updates ===

    def _apply(self, data):
        last = None if self.is_resyncing else self.sequence
        try:
            update = self._codec.decode(data, self.weights, last)
        except UpdateError as error:
            self.faults[error.kind] = self.faults.get(error.kind, 0) + 1
            if error.kind == "duplicate":
                return [self._applied()]
            reason = " ".join(str(error).split())[: messages.MOST_TEXT]
            if error.kind in ("architecture", "version"):
                # Which all weights would not mend.
                self.refusal, self.is_connected = reason, False
                return [messages.error(reason)]
            self.is_resyncing = True
            return [{"type": "resync", "reason": reason}]
        self.is_resyncing = False
        self.weights, self.sequence = update.after, update.sequence
        self.time = update.time
        return [self._applied()]

    def _applied(self):
        return {
            "type": "applied",
            "sequence": self.sequence,
            "weights": weights_digest(self.weights),
        }

    # === Frames ===

    def wants_frame(self, time):
        """Whether a frame of this time is to be given to `add_frame`.

        Args:
            time: seconds of the video.
        """
        return self.size is not None and time >= self._next_frame - 1e-6

    def add_frame(self, number, time, image):
        """Keeps a frame until frames are sent.

        Args:
            number: of the frame in the video, from 0.
            time: seconds of the video; frames that do not come after those
                before are left out.
            image: uint8 RGB of `size`, which is not changed later.
        """
        if image.shape[:2] != self.size:
            return  # It was made before a server asked for another size.
        if self._frames and time <= self._frames[-1][1]:
            return
        # On a grid, so that the rate is kept on average.
        step = 1 / self.rate
        late = time - self._next_frame
        self._next_frame = (
            time + step if not 0 <= late < step else self._next_frame + step
        )
        self._frames.append((number, time, image))
        most = min(_MOST_KEPT, math.ceil(self.rate * self.period) + 1)
        self.left_out += max(0, len(self._frames) - most)
        del self._frames[:-most]

    def due_frames(self, now, last=False):
        """The frames of a period, once it is over.

        Not to be called while those before are still on their way into a
        slow link: the newest frames are kept, older ones are left out.

        Args:
            now: seconds of the video.
            last: whether the video ends, and all that is there is wanted.

        Returns:
            list of one message, or of none.
        """
        is_due = last or now >= self.next_sending - 1e-6
        if not (is_due and self._frames and self.is_connected):
            return []
        self.next_sending = now + self.period
        frames, self._frames = self._frames, []
        return [
            {
                "type": "frames",
                "kind": self._uplink,
                "numbers": [number for number, _, _ in frames],
                "times": [float(time) for _, time, _ in frames],
                "data": encode_frames(
                    [image for _, _, image in frames],
                    self._uplink,
                    self._quality,
                ),
            }
        ]
