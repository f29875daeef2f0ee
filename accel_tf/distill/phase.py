"""The work of one period for one student."""

import contextlib
import dataclasses
import time

from accel_tf.distill.codec import UpdateError
from accel_tf.distill.teachers.teacher import TeacherError
from accel_tf.distill.uplink import UplinkError, decode_frames


@dataclasses.dataclass(frozen=True, eq=False)
class Batch:
    """Frames as an edge sent them.

    Attributes:
        kind, data, numbers: of the message `frames`.
        times: seconds on the student's clock.
        size: `(height, width)` that was agreed.
    """

    kind: str
    data: list
    numbers: list
    times: list
    size: tuple

    @property
    def bytes(self):
        return sum(map(len, self.data))


class Phase:
    """What a session has to do for its student: label, train, encode.

    Args:
        student: `Student`; changed by `run` alone.
        batches: list of `Batch`, oldest first; empty if there is nothing
            new to learn, only something to send.
        base: `Known` weights of the edge that an update may be made for;
            `None` if none can be sent now.
        snapshot: whether all weights are to be sent instead.
        sequence: of what is sent.
        offset: seconds of the student's clock at the start of the edge's.

    Attributes:
        encoded: `EncodedUpdate` to send, or `None`.
        fault: one line on why the edge cannot be taught, or `None`.
        may_try_again: whether that may be over when the edge is back.
        frames: how many frames were learnt from.
        skipped: whether there was nothing to learn from them.
        damaged: how many batches did not decode.
        needs_snapshot: whether the update could not be encoded.
        losses: of the training.
        seconds: dict of what took how long: `decode`, `label`, `train`,
            `encode`.
        lines: list of what a log should say.
    """

    def __init__(self, student, batches, base, snapshot, sequence, offset):
        self._student, self._batches = student, batches
        self.base, self.snapshot = base, snapshot
        self._sequence, self._offset = sequence, offset
        self.encoded = self.fault = None
        self.may_try_again = False
        self.frames = self.damaged = 0
        self.skipped = self.needs_snapshot = False
        self.losses, self.seconds, self.lines = [], {}, []

    def run(self):
        """Does it; takes seconds."""
        for batch in self._batches:
            self._see(batch)
        if self.fault is not None:
            return
        if self.frames:
            self._train()
        try:
            with self._timed("encode"):
                self._encode()
        except UpdateError as error:
            if self.snapshot:
                raise
            # Such as a weight that float16 does not hold.
            self.needs_snapshot = True
            self.lines.append(f"all weights are sent instead: {error}")

    def fail(self, reason):
        """Notes that `run` raised something; nothing of it is sent."""
        self.encoded, self.fault = None, " ".join(reason.split())
        self.may_try_again = True

    def _see(self, batch):
        try:
            with self._timed("decode"):
                frames = decode_frames(
                    batch.data, batch.kind, len(batch.times), batch.size
                )
        except UplinkError as error:
            self.damaged += 1
            self.lines.append(f"frames are left out: {error}")
            return
        try:
            with self._timed("label"):
                teacher = self._student.classroom.teacher
                labels = teacher.label(frames, batch.numbers)
        except TeacherError as error:
            self.fault = " ".join(str(error).split())
            return
        self._student.see(batch.times, frames, labels)
        self.frames += len(frames)

    def _train(self):
        with self._timed("train"):
            result = self._student.train()
        self.losses = [float(loss) for loss in result.losses]
        self.skipped = result.skipped is not None
        learnt = (
            f"nothing: {result.skipped}"
            if self.skipped
            else f"loss {self.losses[0]:.3f} to {self.losses[-1]:.3f}"
        )
        late = ""
        if len(self._batches) > 1:
            late = f" of {len(self._batches)} periods, as training is behind"
        self.lines.append(
            f"{self.frames} new frames{late}, {len(self._student.buffer)} "
            f"kept; learnt {learnt} ({self.seconds['train']:.1f} s)"
        )

    def _encode(self):
        student, codec = self._student, self._student.classroom.codec
        state, times = student.state, student.buffer.times
        taught = max(0.0, times[-1] - self._offset) if times else 0.0
        if self.snapshot:
            self.encoded = codec.encode_snapshot(
                self._sequence, state.weights, time=taught
            )
        elif self.base is not None:
            mask, differs = student.difference(self.base.weights)
            if not differs:
                return
            self.encoded = codec.encode(
                self._sequence,
                self.base.weights,
                mask,
                state.weights,
                with_statistics=student.classroom.sends_statistics,
                base_sequence=self.base.sequence,
                time=taught,
            )
            student.state = dataclasses.replace(
                state, weights=self.encoded.after
            )

    @contextlib.contextmanager
    def _timed(self, name):
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + spent
