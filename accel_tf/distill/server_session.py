"""The server's side of a connection, without sockets and clocks."""

from accel_tf.distill import messages
from accel_tf.distill.delivery import Delivery, Known
from accel_tf.distill.phase import Phase
from accel_tf.distill.student import Student
from accel_tf.distill.waiting_frames import WaitingFrames


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
        delivery: `Delivery`: the weights that the edge has.
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
        self.delivery = Delivery(
            Known(0, classroom.initial, classroom.initial_digest)
        )
        self._waiting = WaitingFrames(classroom.settings.most_waiting_bytes)
        self._size = None
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
            self.delivery.ask_for_all()
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
        if not self.delivery.meet(message["sequence"], message["weights"]):
            self.events.append("has weights that are not known here")
        self._waiting.begin_run(message["run"])
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

    def _frames(self, message):
        is_late = bool(self._waiting)
        dropped = self._waiting.add(message, self._size)
        if dropped is None:
            self.events.append("sent frames again, which are left out")
        else:
            self.counts["late"] += is_late
            self.counts["dropped"] += dropped

    def _applied(self, message):
        sequence = message["sequence"]
        if not self.delivery.confirm(
            sequence, message["weights"], self.student.state.weights
        ):
            self.events.append(
                f"has other weights than update {sequence} makes"
            )

    @property
    def digest(self):
        """`weights_digest` of the weights that the edge has confirmed."""
        return self.delivery.confirmed.digest

    # === Work ===

    def due(self, now):
        """Whether there is work for `begin`.

        Args:
            now: as for `receive`.
        """
        if self.is_busy:
            return False
        if self.is_connected:
            lost = self.delivery.give_up(now)
            if lost is not None:
                self.counts["lost"] += 1
                self.events.append(f"has not confirmed update {lost}")
        return bool(self._waiting) or (
            self.is_connected and self.delivery.is_due
        )

    def begin(self, now):
        """Takes the work that is due.

        Returns:
            A `Phase`, whose `run` does it.
        """
        self.is_busy = True
        delivery = self.delivery
        return Phase(
            student=self.student,
            batches=self._waiting.take(),
            base=delivery.base if self.is_connected else None,
            snapshot=self.is_connected and delivery.wants_snapshot,
            sequence=delivery.last_sequence + 1,
            offset=self._waiting.offset,
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
        delivery = self.delivery
        delivery.wants_snapshot |= phase.needs_snapshot
        # Where nothing could be sent, there may be something next time.
        delivery.may_differ = phase.base is None and not phase.snapshot
        if phase.encoded is not None:
            if self._is_wanted(phase):
                replies.append(self._sent(phase, now))
            else:
                delivery.may_differ = True
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
        return self.is_connected and (
            phase.snapshot or phase.base is self.delivery.base
        )

    def _sent(self, phase, now):
        update, kind = phase.encoded, "snapshot" if phase.snapshot else "update"
        self.delivery.send(update, now)
        self.counts[f"{kind}s"] += 1
        self.events.append(
            f"gets {kind} {update.header.sequence}, {len(update.data)} bytes"
        )
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
        record = {**self.delivery.record(), **self._waiting.record()}
        confirmed = self.delivery.confirmed.weights
        self.student.save(folder, record, confirmed, with_frames)

    def load(self, folder):
        """Goes on where `save` was called.

        Raises:
            ValueError, OSError: one line, if the folder holds no such state
                or that of another model.
        """
        record, confirmed = self.student.load(folder)
        newest = self.student.state.weights
        self.delivery.restore(record, confirmed, newest)
        self._waiting.restore(record)


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
