"""`accel-tf evaluate --cluster`: a sequence of the data set a task."""

from accel_tf import messages
from accel_tf.evaluation.protocol import evaluation_of
from accel_tf.evaluation.runner import make_runs, run_sequence
from accel_tf.fleet.driver import Driver, Task
from accel_tf.fleet.manifest import DONE
from accel_tf.fleet.scores import pack_scores, unpack_scores


class EvaluationWorker:
    """Runs all models over one sequence after another.

    Every worker reads the whole data set, in order, and decodes the images of
    its own sequences.

    Args:
        runs: list of `(model, interval)`, as of `evaluate_together`.
        sequences: as of `evaluate_together`.
        mode, temporal, steady: as of `evaluate_together`.

    Attributes:
        progress: `_Progress` of the sequence under way, or `None`.
    """

    def __init__(self, runs, sequences, mode, temporal, steady):
        self.progress = None
        self._runs, self._sequences = runs, sequences
        self._mode, self._temporal, self._steady = mode, temporal, steady
        self._begin()

    def _begin(self):
        self._iterator = iter(self._sequences)
        self._index = self._number = 0

    def sequence(self, index):
        """Scores a sequence.

        Args:
            index: of the sequence.

        Returns:
            list of dicts, as from `Run.scored`, one a run.
        """
        if index < self._index:
            self._begin()
        while True:
            sequence = next(self._iterator)
            is_it = self._index == index
            number = self._number
            self._index += 1
            self._number += len(sequence["label_positions"])
            if is_it:
                return self._scored(sequence, number)

    def _scored(self, sequence, number):
        runs = make_runs(
            self._runs,
            self._mode,
            bool(self._temporal),
            getattr(self._sequences, "class_names", None),
            self._steady,
        )
        estimator = self._temporal
        if not isinstance(estimator, str):
            estimator = "dis"
        self.progress = progress = _Progress()
        run_sequence(runs, sequence, number, progress.add, estimator)
        return [run.scored() for run in runs]


class _Progress:
    """The share of a sequence that is done."""

    def __init__(self):
        self.share, self.frames = 0.0, 0

    def add(self, share):
        # Sums of shares are not exact.
        self.share = min(1.0, self.share + share)


def evaluate_on_pool(
    pool,
    retries,
    record,
    runs,
    sequences,
    mode,
    temporal,
    on_progress,
    steady,
):
    """Does what `evaluate_together` does with the workers of a pool.

    Args:
        pool: a `RayPool` of `EvaluationWorker` with the same runs and data.
        retries: further tries of a sequence that fails.
        record: a `Manifest` that has what was scored before, and gets what
            is; `None` for none.
        runs, sequences, mode, temporal, on_progress, steady: as of
            `evaluate_together`.

    Returns:
        list of `Evaluation`, those of `evaluate_together`.

    Raises:
        ValueError: one line, if a sequence could not be scored.
    """
    class_names = getattr(sequences, "class_names", None)
    totals = make_runs(runs, mode, bool(temporal), class_names, steady)
    follower = _Follower(totals, on_progress, record)
    tasks = (
        Task(index, "sequence", (index,))
        for index in range(len(sequences))
        if not follower.knows(index)
    )
    Driver(pool, tasks, follower, retries, messages.note).run()
    if follower.reasons:
        index, reason = min(follower.reasons.items())
        raise ValueError(
            f"{len(follower.reasons)} of {len(sequences)} sequences could not "
            f"be scored; sequence {index}: {reason}"
        )
    return [evaluation_of(run, mode) for run in totals]


class _Follower:
    """Adds up what workers have scored, in the order of the sequences."""

    def __init__(self, totals, on_progress, record):
        self._totals, self._progress = totals, on_progress
        self._record = record
        self._early, self._next, self._under_way = {}, 0, {}
        self.reasons = {}
        for name, line in (record.totals if record else {}).items():
            self._add(int(name), list(map(unpack_scores, line["scored"])))

    def knows(self, index):
        """Whether a sequence has been scored."""
        return index < self._next or index in self._early

    def done(self, task, value):
        if self._record is not None:
            scored = list(map(pack_scores, value))
            name = str(task.key)
            self._record.add({"name": name, "state": DONE, "scored": scored})
        self._add(task.key, value)
        return []

    def _add(self, index, scored):
        self._early[index] = scored
        self._progress(1.0)
        while self._next in self._early:
            for run, each in zip(
                self._totals, self._early.pop(self._next), strict=True
            ):
                run.add(each)
            self._next += 1

    def progress(self, task, share, frames):
        before = self._under_way.pop(task, 0.0)
        if share:
            self._under_way[task] = share
        self._progress(share - before)

    def failed(self, task, reason):
        self.reasons[task.key] = reason
