"""Frames of an edge that wait to be learnt from."""

from accel_tf.distill.phase import Batch


class WaitingFrames:
    """What an edge sent, on the clock of its student.

    The student's clock goes on when the edge starts again.

    Args:
        most_bytes: of encoded frames; beyond that the oldest are left out.

    Attributes:
        offset: seconds on the student's clock at the start of the edge's.
    """

    def __init__(self, most_bytes):
        self._most_bytes = most_bytes
        self._batches, self._bytes = [], 0
        self._run, self.offset, self._newest = None, 0.0, None

    def __bool__(self):
        return bool(self._batches)

    def begin_run(self, run):
        """The edge is connected.

        Args:
            run: name of its run; with another one its clock begins anew.
        """
        if run != self._run:
            self._run = run
            self.offset = 0.0 if self._newest is None else self._newest + 1.0

    def add(self, message, size):
        """Takes frames.

        Args:
            message: `frames`, checked.
            size: `(height, width)` that was agreed.

        Returns:
            How many frames were left out for want of room; `None` if these
            are not newer than those before, and are left out.
        """
        times = [self.offset + time for time in message["times"]]
        if self._newest is not None and times[0] <= self._newest:
            return None
        self._newest = times[-1]
        batch = Batch(
            kind=message["kind"],
            data=message["data"],
            numbers=message["numbers"],
            times=times,
            size=size,
        )
        self._batches.append(batch)
        self._bytes += batch.bytes
        dropped = 0
        while self._bytes > self._most_bytes:
            oldest = self._batches.pop(0)
            self._bytes -= oldest.bytes
            dropped += len(oldest.times)
        return dropped

    def take(self):
        """list of `Batch`, oldest first, which do not wait any more."""
        batches, self._batches, self._bytes = self._batches, [], 0
        return batches

    # === Restarts ===

    def record(self):
        """What `restore` needs, as plain JSON types; no frames."""
        return {
            "run": self._run,
            "offset": self.offset,
            "newest": self._newest,
        }

    def restore(self, record):
        """Goes on where `record` was called."""
        self._run, self.offset = record["run"], record["offset"]
        self._newest = record["newest"]
