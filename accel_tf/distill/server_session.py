"""The server's side of a connection, without sockets and clocks."""

import dataclasses

import numpy as np

from accel_tf.distill import messages
from accel_tf.distill.parameter_space import weights_digest
from accel_tf.distill.phase import Batch, Phase
from accel_tf.distill.student import Student

_PATIENCE = 30.0  # Seconds after which an unanswered update counts as lost.


@dataclasses.dataclass(frozen=True, eq=False)
class Known:
    """Weights that an edge has, or will have.

    Attributes:
        sequence: of the update that brought them; 0 for those it began with.
        weights: float32 `[size]`.
        digest: `weights_digest` of them.
    """

    sequence: int
    weights: np.ndarray
    digest: str

    @classmethod
    def of(cls, sequence, weights):
        """Takes milliseconds where there are millions of weights."""
        return cls(sequence, weights, weights_digest(weights))


class ServerSession:
    """What a server says to one edge, and what it keeps of it.

        session = ServerSession(classroom, "car-7")
        for message in received():
            send(session.receive(message, now))
        if session.due(now):
            send(session.run_phase(now))

    The work of a phase takes seconds. A server that must not wait splits it:
    `phase = session.begin(now)`, then `phase.run()` in another thread, then
    `session.finish(phase, now)`; only `run` is long, and messages may be
    received during it.

    An update is made of the difference between the student and the weights
    that the edge has confirmed. No more than one is under way: what is learnt
    meanwhile goes into the next.

    Args:
        classroom: `Classroom`.
        edge: the edge's name.
        seed: of the choice of frames and weights.

    Attributes:
        student: `Student`: buffer, optimiser, weights, controllers.
        is_connected: whether an edge is, and was welcomed.
        is_refused: whether the edge was told that it is not wanted.
        counts: dict of what happened: `phases`, `skipped` (nothing to learn
            from), `updates`, `snapshots`, `resyncs`, `lost` (updates that
            were not confirmed in time), `dropped` (pictures left out for want
            of room), `damaged` (sendings that do not decode), `late` (periods
            that were learnt with the next).
        events: list of lines about what happened, for a log to take.
    """

    def __init__(self, classroom, edge, seed=0):
        self._classroom, self.edge = classroom, edge
        self.student = Student.new(classroom, seed)
        self.is_connected = self.is_refused = self.is_busy = False
        self.counts = dict.fromkeys(
            "phases skipped updates snapshots resyncs lost dropped damaged "
            "late".split(),
            0,
        )
        self.events = []
        self._initial = Known(0, classroom.initial, classroom.initial_digest)
        self._confirmed, self._under_way = self._initial, None
        self._may_differ = False
        self._sent_at, self._patience = 0.0, _PATIENCE
        self._last_sequence = 0
        self._wants_snapshot = self._sends_all = False
        self._waiting, self._waiting_bytes = [], 0
        self._size = None
        self._run, self._offset, self._newest = None, 0.0, None
        self._told = None

    # === Messages ===

    def receive(self, message, now):
        """Takes a message of the edge.

        Args:
            message: dict, as `messages.unpack` gives it.
            now: seconds on the server's clock, from any start.

        Returns:
            list of messages to send; after an `error` among them the
            connection should end.

        Raises:
            MessageError: if no edge says this now; the connection should
                end.
        """
        kind = message["type"]
        if kind == "hello":
            return self._hello(message)
        if kind in ("bye", "error"):
            self.disconnect()
            return []
        if not self.is_connected:
            raise messages.MessageError(f"{kind} before hello.")
        if kind == "frames":
            self._frames(message)
        elif kind == "applied":
            self._applied(message)
        elif kind == "resync":
            self.counts["resyncs"] += 1
            self.events.append(f"asks for all weights: {message['reason']}")
            self._under_way, self._wants_snapshot = None, True
        else:
            raise messages.MessageError(f"an edge does not say {kind}.")
        return []

    def disconnect(self):
        """The connection ended, in whatever way; the student stays."""
        self.is_connected = False

    def _hello(self, message):
        reason = _refusal(message, self._classroom)
        if reason:
            self.is_connected, self.is_refused = False, True
            return [messages.error(reason)]
        self._compare(message["sequence"], message["weights"])
        if message["run"] != self._run:
            # Its clock begins anew; the student's goes on.
            self._run = message["run"]
            self._offset = 0.0 if self._newest is None else self._newest + 1.0
        self._size = self._classroom.settings.frame_size(message["frame_size"])
        self.is_connected, self.is_refused = True, False
        pace = self.student.pace()
        self._told = pace
        return [
            {
                "type": "welcome",
                "version": messages.VERSION,
                "size": list(self._size),
                "statistics": self._classroom.settings.statistics,
                **pace,
            }
        ]

    def _compare(self, sequence, digest):
        """Finds out from which weights an edge goes on."""
        under_way, self._under_way = self._under_way, None
        self._last_sequence = max(self._last_sequence, sequence)
        self._may_differ = True
        for each in (self._confirmed, under_way, self._initial):
            if each is not None and each.digest == digest:
                self._confirmed = dataclasses.replace(each, sequence=sequence)
                self._wants_snapshot = False
                return
        self.events.append("has weights that are not known here")
        self._wants_snapshot = True

    def _frames(self, message):
        size = sum(map(len, message["data"]))
        times = [self._offset + time for time in message["times"]]
        if self._newest is not None and times[0] <= self._newest:
            self.events.append("sent frames again, which are left out")
            return
        self._newest = times[-1]
        if self._waiting:
            self.counts["late"] += 1
        self._waiting.append(
            Batch(
                kind=message["kind"],
                data=message["data"],
                numbers=message["numbers"],
                times=times,
                size=self._size,
            )
        )
        self._waiting_bytes += size
        limit = self._classroom.settings.most_waiting_bytes
        while self._waiting_bytes > limit:
            oldest = self._waiting.pop(0)
            self._waiting_bytes -= oldest.bytes
            self.counts["dropped"] += len(oldest.times)

    def _applied(self, message):
        update = self._under_way
        if update is not None and message["sequence"] == update.sequence:
            self._under_way, self._patience = None, _PATIENCE
            if message["weights"] == update.digest:
                self._confirmed = update
                self._may_differ |= update.weights is not self._weights
            else:
                self.events.append(
                    f"has other weights than update {update.sequence} makes"
                )
                self._wants_snapshot = True

    @property
    def digest(self):
        """`weights_digest` of the weights that the edge has confirmed."""
        return self._confirmed.digest

    @property
    def _weights(self):
        return self.student.state.weights

    # === Work ===

    def due(self, now):
        """Whether there is work for `begin`.

        Args:
            now: as for `receive`.
        """
        if self.is_busy:
            return False
        self._give_up(now)
        if self._waiting:
            return True
        return self.is_connected and (
            self._wants_snapshot
            or (self._under_way is None and self._may_differ)
        )

    def _give_up(self, now):
        """An update that nobody confirmed counts as lost, more slowly each
        time: it may be long on its way."""
        if self._under_way is not None and self.is_connected:
            if now - self._sent_at > self._patience:
                self.events.append(
                    f"has not confirmed update {self._under_way.sequence}"
                )
                self.counts["lost"] += 1
                self._wants_snapshot |= self._sends_all
                self._under_way, self._patience = None, 2 * self._patience
                self._may_differ = True

    def begin(self, now):
        """Takes the work that is due.

        Returns:
            A `Phase`, whose `run` does it.
        """
        self.is_busy = True
        batches, self._waiting, self._waiting_bytes = self._waiting, [], 0
        can_send = self.is_connected and self._under_way is None
        snapshot = self._wants_snapshot and self.is_connected
        return Phase(
            student=self.student,
            batches=batches,
            base=self._confirmed if can_send and not snapshot else None,
            snapshot=snapshot,
            sequence=self._last_sequence + 1,
            offset=self._offset,
        )

    def finish(self, phase, now):
        """Takes the outcome of a phase.

        Args:
            phase: from `begin`, after its `run`; if that failed, what is in
                it is left as it was.
            now: as for `receive`.

        Returns:
            list of messages to send.
        """
        self.is_busy = False
        self._count(phase)
        replies = []
        if phase.fault is not None:
            self.disconnect()
            return [messages.error(phase.fault, phase.may_try_again)]
        self._wants_snapshot |= phase.needs_snapshot
        # Where nothing could be sent, there may be something next time.
        self._may_differ = phase.base is None and not phase.snapshot
        if phase.encoded is not None:
            if self._is_wanted(phase):
                replies.append(self._sent(phase, now))
            else:
                self._may_differ = True
        pace = self.student.pace()
        if self.is_connected and pace != self._told:
            self._told = pace
            replies.append({"type": "rate", **pace})
        return replies

    def run_phase(self, now):
        """The work that is due, all at once.

        Returns:
            list of messages to send.
        """
        phase = self.begin(now)
        try:
            phase.run()
        finally:
            replies = self.finish(phase, now)
        return replies

    def _is_wanted(self, phase):
        """Whether the edge is still where it was when the phase began."""
        if phase.snapshot:
            return self.is_connected
        return (
            self.is_connected
            and not self._wants_snapshot
            and self._under_way is None
            and phase.base is self._confirmed
        )

    def _sent(self, phase, now):
        update = phase.encoded
        sequence = update.header.sequence
        kind = "snapshot" if phase.snapshot else "update"
        self._last_sequence = max(self._last_sequence, sequence)
        digest = update.header.weights_digest
        self._under_way = Known(sequence, update.after, digest)
        self._sent_at, self._sends_all = now, phase.snapshot
        if phase.snapshot:
            self._wants_snapshot = False
        self.counts[f"{kind}s"] += 1
        self.events.append(f"gets {kind} {sequence}, {len(update.data)} bytes")
        return {"type": kind, "data": update.data}

    def _count(self, phase):
        self.events += phase.lines
        self.counts["damaged"] += phase.damaged
        if phase.frames:
            self.counts["phases"] += 1
            self.counts["skipped"] += phase.skipped

    # === Restarts ===

    def save(self, folder, with_frames=True):
        """Writes everything that a restart needs.

        Not while a phase runs.

        Args:
            folder: `pathlib.Path`, which exists.
            with_frames: also the frames that the student remembers, which
                are many; else those of the last time stay there.
        """
        known = self._confirmed
        record = {
            "sequence": self._last_sequence,
            "confirmed": known.sequence,
            "weights_digest": known.digest,
            "run": self._run,
            "offset": self._offset,
            "newest": self._newest,
        }
        self.student.save(folder, record, known.weights, with_frames)

    def load(self, folder):
        """Goes on where `save` was called.

        Raises:
            ValueError, OSError: one line, if the folder holds no such state
                or that of another model.
        """
        record, confirmed = self.student.load(folder)
        self._last_sequence = record["sequence"]
        self._confirmed = Known.of(record["confirmed"], confirmed)
        # The last update may have arrived.
        self._under_way = Known.of(self._last_sequence, self._weights)
        self._run, self._offset = record["run"], record["offset"]
        self._newest = record["newest"]


def _refusal(message, classroom):
    """Why this edge cannot be taught here, or `None`."""
    if message["version"] != messages.VERSION:
        return (
            f"the server speaks version {messages.VERSION} of the messages, "
            f"the edge {message['version']}; use the same accel-tf."
        )
    names, wanted = message["classes"], classroom.class_names
    if len(names) != len(wanted):
        return (
            f"the edge's model has {len(names)} classes, the server's "
            f"{len(wanted)}; use the same --model and --weights on both sides."
        )
    if message["architecture"] != classroom.space.digest:
        return (
            "the edge's model has another architecture than the server's, "
            f"{classroom.model.name}; use the same --model on both sides."
        )
    if names != wanted:
        index = [a == b for a, b in zip(names, wanted, strict=True)].index(
            False
        )
        return (
            f"class {index} is {names[index]!r} to the edge, "
            f"{wanted[index]!r} to the server; use the same --weights on both "
            "sides."
        )
    return None
