"""An edge and its server on the clock of a video, over a simulated link."""

import dataclasses
import heapq
import itertools

import numpy as np

from accel_tf.distill import messages
from accel_tf.distill.codec import original_update
from accel_tf.distill.edge_session import EdgeSession
from accel_tf.distill.parameter_space import weights_digest
from accel_tf.distill.server_session import ServerSession
from accel_tf.distill.uplink import prepared


@dataclasses.dataclass(frozen=True)
class SimulatedLink:
    """What a message takes to get through.

    Attributes:
        kbps_up, kbps_down: kbit/s in each direction.
        delay: seconds that each message takes besides.
    """

    kbps_up: float = 2000.0
    kbps_down: float = 2000.0
    delay: float = 0.05


@dataclasses.dataclass
class StreamLog:
    """What came of a simulated stream.

    Attributes:
        bytes_up, bytes_down: of all messages with WebSocket's framing.
        updates: list of dicts: `sent` and `applied` in seconds of the video,
            `bytes` by part, `selected` weights, and `original`, the bytes
            that AMS' released code would have counted for the same weights.
        train_seconds: list of what the phases took on this machine.
        counts: of the server's session.
        is_in_step: whether both sides ended with equal weights.
    """

    bytes_up: int = 0
    bytes_down: int = 0
    updates: list = dataclasses.field(default_factory=list)
    train_seconds: list = dataclasses.field(default_factory=list)
    counts: dict = dataclasses.field(default_factory=dict)
    is_in_step: bool = True


class SimulatedStream:
    """Plays a drive to an edge whose student a server teaches.

    Everything is real (the frames are encoded, the server trains on what it
    decodes, the edge runs what it received) but for the clock and the link.

    Args:
        drive: `Drive`.
        scorer: `DriveScorer` of the same drive, with the student's model.
        classroom: `Classroom` of that model.
        link: `SimulatedLink`.
        phase_seconds: what a phase of the server takes on the video's clock;
            `None` for what it takes on this machine.
        most_updates: the edge sends nothing after so many updates.
        seed: of the server's choices.
    """

    def __init__(
        self,
        drive,
        scorer,
        classroom,
        link,
        phase_seconds=None,
        most_updates=None,
        seed=0,
    ):
        self._drive, self._scorer = drive, scorer
        self._classroom, self._link = classroom, link
        self._phase_seconds, self._most_updates = phase_seconds, most_updates
        self._server = ServerSession(classroom, "edge", seed)
        self._edge = EdgeSession(
            classroom.codec,
            classroom.initial,
            classroom.class_names,
            "edge",
            "run",
        )
        self._events, self._order = [], itertools.count()
        self._free = {"up": 0.0, "down": 0.0}
        self._log = StreamLog()

    def run(self, progress=lambda share: None):
        """Plays the drive to its end.

        Args:
            progress: called with the share of the drive that is over.

        Returns:
            `StreamLog`; the scorer has the student's predictions.
        """
        self._scorer.use(self._classroom.initial)
        hello = self._edge.connect(self._drive.frames.shape[1:3])
        self._send("up", hello, 0.0)
        for index, time in enumerate(self._drive.times):
            self._push(time, self._play, index)
        while self._events:
            time, _, act, what = heapq.heappop(self._events)
            act(what, time)
            if act == self._play:
                progress((what + 1) / len(self._drive.times))
        self._log.counts = self._server.counts
        self._log.is_in_step = (
            weights_digest(self._edge.weights) == self._server.digest
        )
        return self._log

    # === What happens ===

    def _push(self, time, act, what):
        heapq.heappush(self._events, (time, next(self._order), act, what))

    def _send(self, direction, replies, now):
        """Puts messages on the link, one behind the other."""
        is_up = direction == "up"
        rate = self._link.kbps_up if is_up else self._link.kbps_down
        for message in replies:
            size = messages.wire_size(messages.pack(message), masked=is_up)
            start = max(now, self._free[direction])
            self._free[direction] = start + 8 * size / (1000 * rate)
            if is_up:
                self._log.bytes_up += size
            else:
                self._log.bytes_down += size
            self._push(
                self._free[direction] + self._link.delay,
                self._at_server if is_up else self._at_edge,
                message,
            )

    def _play(self, index, now):
        frame = self._drive.frames[index]
        self._scorer.add(index)
        if self._has_enough():
            return
        if self._edge.wants_frame(now):
            image = prepared(frame, self._edge.size)
            self._edge.add_frame(index, now, image)
        # Not while the frames before are on their way.
        if self._free["up"] <= now:
            is_last = index == len(self._drive.times) - 1
            self._send("up", self._edge.due_frames(now, is_last), now)

    def _has_enough(self):
        most = self._most_updates
        return most is not None and len(self._log.updates) >= most

    def _at_edge(self, message, now):
        before = self._edge.sequence
        self._send("up", self._edge.receive(message, now), now)
        if self._edge.sequence != before:
            self._scorer.use(self._edge.weights)
            self._log.updates[-1]["applied"] = round(now, 2)

    def _at_server(self, message, now):
        self._send("down", self._server.receive(message, now), now)
        self._work(now)

    def _work(self, now):
        if not self._server.due(now) or self._has_enough():
            return
        phase = self._server.begin(now)
        phase.run()
        spent = sum(phase.seconds.values())
        if phase.frames:
            self._log.train_seconds.append(round(phase.seconds["train"], 2))
            spent = (
                spent if self._phase_seconds is None else self._phase_seconds
            )
        self._push(now + spent, self._end_of_phase, phase)

    def _end_of_phase(self, phase, now):
        replies = self._server.finish(phase, now)
        if any(each["type"] in ("update", "snapshot") for each in replies):
            self._note(phase, now)
        self._send("down", replies, now)
        self._work(now)

    def _note(self, phase, now):
        """What the released code would have counted, beside what was sent."""
        space, update = self._classroom.space, phase.encoded
        mask = np.ones(space.trainable_size, bool)
        if phase.base is not None:
            mask = (phase.base.weights != update.after)[: space.trainable_size]
        sizes = np.diff(space.offsets)[: len(space.trainable)]
        original = original_update(mask, update.after, sizes)
        self._log.updates.append(
            {
                "sent": round(now, 2),
                "applied": None,
                "bytes": update.sizes,
                "selected": int(mask.sum()),
                "original": len(original),
            }
        )
