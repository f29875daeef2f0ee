"""Everything that a server keeps of one edge's student."""

import dataclasses
import json

import numpy as np

from accel_tf.distill.arrays_file import read_arrays, write_arrays
from accel_tf.distill.label_similarity import label_similarity
from accel_tf.distill.replay_buffer import ReplayBuffer
from accel_tf.distill.sampling_rate import SamplingRate
from accel_tf.distill.student_state import StudentState
from accel_tf.distill.update_period import UpdatePeriod
from accel_tf.files import read_json, write_text

_VERSION = 1
_FILES = "state.npz", "buffer.npz", "confirmed.npz", "session.json"


@dataclasses.dataclass
class Student:
    """A student as its server sees it.

    Attributes:
        classroom: `Classroom`.
        state: `StudentState`.
        buffer: `ReplayBuffer`.
        rate: `SamplingRate`.
        period: `UpdatePeriod`.
        rng: `numpy.random.Generator`, which chooses frames and weights.
        last_labels: uint8 `[H, W]` of the newest frame, or `None`.
    """

    classroom: object
    state: StudentState
    buffer: ReplayBuffer
    rate: SamplingRate
    period: UpdatePeriod
    rng: np.random.Generator
    last_labels: np.ndarray | None = None

    @classmethod
    def new(cls, classroom, seed=0):
        """One that has learnt nothing yet."""
        settings = classroom.settings
        return cls(
            classroom,
            StudentState.fresh(classroom.space, classroom.initial),
            ReplayBuffer(settings.horizon, settings.most_buffer_bytes),
            SamplingRate(settings.rate, most=max(settings.rate, 1.0)),
            UpdatePeriod(settings.update_period),
            np.random.default_rng(seed),
        )

    def pace(self):
        """What the edge is asked for: `rate` and `period`."""
        return {
            "rate": float(self.rate.rate),
            "period": float(self.period.period),
        }

    def see(self, times, frames, labels):
        """Takes in labelled frames, and adapts the pace to them.

        Args:
            times: seconds on this student's clock, growing.
            frames: uint8 RGB `[N, H, W, 3]`.
            labels: uint8 `[N, H, W]`.
        """
        if self.buffer.size not in (None, frames.shape[1:3]):
            self.buffer.clear()  # The edge has another video now.
        for each in zip(times, frames, labels, strict=True):
            self.buffer.add(*each)
        before = [] if self.last_labels is None else [self.last_labels]
        self.last_labels = labels[-1]
        settings = self.classroom.settings
        if settings.adapt_rate:
            similarity = label_similarity(
                [*before, *labels], settings.class_indices
            )
            self.rate = self.rate.step(similarity)
        if settings.adapt_period:
            self.period = self.period.step(self.rate.rate)

    def train(self):
        """Runs a phase of training; gives its `PhaseResult`."""
        classroom, settings = self.classroom, self.classroom.settings
        result = classroom.trainer.run_phase(
            self.state,
            self.buffer,
            classroom.selector,
            settings.iterations,
            settings.batch_size,
            self.rng,
        )
        self.state = result.state
        return result

    def difference(self, base):
        """Which trainable weights differ from others, and whether any do.

        Args:
            base: float32 `[size]`.

        Returns:
            tuple of a bool array `[trainable_size]` and a bool, which is
            about the statistics too.
        """
        differs = self.state.weights != base
        count = self.classroom.space.trainable_size
        return differs[:count], bool(differs.any())

    # === Restarts ===

    def save(self, folder, record, confirmed, with_frames=True):
        """Writes the student and what its session knows of the edge.

        Args:
            folder: `pathlib.Path`, which exists.
            record: dict of plain JSON types.
            confirmed: float32 `[size]`, the weights that the edge has.
            with_frames: whether the buffer is written even if an older one
                is there.
        """
        self.state.save(folder / _FILES[0])
        if with_frames or not (folder / _FILES[1]).exists():
            self.buffer.save(folder / _FILES[1])
        write_arrays(folder / _FILES[2], {"weights": confirmed})
        text = {
            "version": _VERSION,
            "architecture": self.classroom.space.digest.hex(),
            "classes": self.classroom.class_names,
            "rate": self.rate.rate,
            "period": dataclasses.asdict(self.period),
            "session": record,
        }
        write_text(folder / _FILES[3], json.dumps(text, indent=2) + "\n")

    def load(self, folder):
        """Goes on where `save` was called.

        Returns:
            tuple of the record and the confirmed weights.

        Raises:
            ValueError, OSError: one line, if the folder holds no such state,
                a damaged one, or one of another model.
        """
        settings, space = self.classroom.settings, self.classroom.space
        text = read_state_record(folder, self.classroom)
        kinds = {"weights": (np.dtype("float32"), 1)}
        confirmed = read_arrays(folder / _FILES[2], kinds)["weights"]
        state = StudentState.load(folder / _FILES[0]).checked(space)
        if len(confirmed) != space.size or not np.isfinite(confirmed).all():
            raise ValueError(f"{folder / _FILES[2]} is damaged.")
        buffer = ReplayBuffer.load(
            folder / _FILES[1], settings.horizon, settings.most_buffer_bytes
        )
        try:
            rate = dataclasses.replace(self.rate, rate=float(text["rate"]))
            if settings.adapt_period:
                period = {
                    **text["period"],
                    "rates": tuple(text["period"]["rates"]),
                }
                self.period = UpdatePeriod(**period)
            record = text["session"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{folder / _FILES[3]} is damaged.") from error
        self.state, self.buffer, self.rate = state, buffer, rate
        return record, confirmed


def read_state_record(folder, classroom):
    """The JSON record of a student's folder, if it is of this model.

    Raises:
        ValueError, OSError: one line, if not.
    """
    path = folder / _FILES[3]
    try:
        text = read_json(path)
        version, architecture = text["version"], text["architecture"]
        classes = text["classes"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged.") from error
    if version != _VERSION:
        raise ValueError(
            f"{path} is of version {version}; this accel-tf reads {_VERSION}."
        )
    if (
        architecture != classroom.space.digest.hex()
        or classes != classroom.class_names
    ):
        raise ValueError(
            f"{folder} holds what a student of another model learnt; give "
            "another --state-dir, or the --model and --weights of then."
        )
    return text
