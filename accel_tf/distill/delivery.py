"""Which weights an edge has, and what is on its way to it."""

import dataclasses

import numpy as np

from accel_tf.distill.parameter_space import weights_digest

_PATIENCE = 60.0  # Seconds after which an unanswered update counts as lost.


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


class Delivery:
    """The server's copy of an edge's weights, and the update under way.

    No more than one update is under way. Its weights count as the edge's once
    the edge has confirmed them.

    Args:
        initial: `Known` weights that all edges begin with.

    Attributes:
        confirmed: `Known` weights that the edge has.
        under_way: those that it will have, or `None`.
        last_sequence: the highest number of an update so far.
        wants_snapshot: whether it needs all weights.
        may_differ: whether the student's weights may be others than those
            that the edge has or will have.
    """

    def __init__(self, initial):
        self._initial = self.confirmed = initial
        self.under_way = None
        self.last_sequence = 0
        self.wants_snapshot = self.may_differ = False
        self._is_snapshot, self._sent_at = False, 0.0
        self._patience = _PATIENCE

    @property
    def is_due(self):
        """Whether there is something to send."""
        return self.wants_snapshot or (
            self.under_way is None and self.may_differ
        )

    @property
    def base(self):
        """`Known` weights to send a difference from; `None` if none can be."""
        is_ready = self.under_way is None and not self.wants_snapshot
        return self.confirmed if is_ready else None

    def meet(self, sequence, digest):
        """A connected edge says which weights it has.

        Args:
            sequence: number of the update that brought them.
            digest: `weights_digest` of them.

        Returns:
            Whether they are known here; if not, it needs all weights.
        """
        under_way, self.under_way = self.under_way, None
        self.last_sequence = max(self.last_sequence, sequence)
        self.may_differ = True
        for each in (self.confirmed, under_way, self._initial):
            if each is not None and each.digest == digest:
                self.confirmed = dataclasses.replace(each, sequence=sequence)
                self.wants_snapshot = False
                return True
        self.wants_snapshot = True
        return False

    def confirm(self, sequence, digest, newest):
        """The edge has applied an update.

        Args:
            sequence, digest: as for `meet`.
            newest: float32 `[size]`, the student's weights now.

        Returns:
            Whether its weights are what the update makes, or the update is
            none that is under way; if not, it needs all weights.
        """
        update = self.under_way
        if update is None or sequence != update.sequence:
            return True
        self.under_way, self._patience = None, _PATIENCE
        if digest != update.digest:
            self.wants_snapshot = True
            return False
        self.confirmed = update
        self.may_differ |= update.weights is not newest
        return True

    def ask_for_all(self):
        """The edge cannot go on from the weights that it has."""
        self.under_way, self.wants_snapshot = None, True

    def give_up(self, now):
        """Counts an update that nobody confirmed as lost.

        More slowly each time: it may be long on its way.

        Args:
            now: seconds, on the clock of `send`.

        Returns:
            The number of the update that was given up, or `None`.
        """
        update = self.under_way
        if update is None or now - self._sent_at <= self._patience:
            return None
        self.wants_snapshot |= self._is_snapshot
        self.under_way, self._patience = None, 2 * self._patience
        self.may_differ = True
        return update.sequence

    def send(self, update, now):
        """An update goes on its way.

        Args:
            update: `EncodedUpdate`.
            now: seconds on any clock that goes on.
        """
        header = update.header
        self.last_sequence = max(self.last_sequence, header.sequence)
        self.under_way = Known(
            header.sequence, update.after, header.weights_digest
        )
        self._sent_at, self._is_snapshot = now, header.is_snapshot
        if header.is_snapshot:
            self.wants_snapshot = False

    # === Restarts ===

    def record(self):
        """What `restore` needs beside the weights, as plain JSON types."""
        return {
            "sequence": self.last_sequence,
            "confirmed": self.confirmed.sequence,
            "weights_digest": self.confirmed.digest,
        }

    def restore(self, record, confirmed, newest):
        """Goes on where `record` was called.

        Args:
            record: dict.
            confirmed: float32 `[size]`, the weights that the edge had.
            newest: float32 `[size]`, those of the student.
        """
        self.last_sequence = record["sequence"]
        self.confirmed = Known.of(record["confirmed"], confirmed)
        # The last update may have arrived.
        self.under_way = Known.of(self.last_sequence, newest)
