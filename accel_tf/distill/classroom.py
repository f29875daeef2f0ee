"""What all edges of a server share, and how they are taught."""

import dataclasses

import numpy as np

from accel_tf.distill.codec import MOST_STEPS, UpdateCodec
from accel_tf.distill.parameter_space import ParameterSpace, weights_digest
from accel_tf.distill.phase_trainer import PhaseTrainer
from accel_tf.distill.replay_buffer import ReplayBuffer
from accel_tf.distill.selectors import make_selector
from accel_tf.distill.student_state import StudentState


@dataclasses.dataclass(frozen=True)
class TeachingSettings:
    """How a server teaches its students.

    Attributes:
        height: of the frames that students learn from, in pixels.
        keep_aspect: whether they have the aspect of the video; else they are
            twice as wide as high, as those of AMS.
        rate: frames per second that an edge sends at first.
        update_period: seconds of video between two updates, at first.
        adapt_rate, adapt_period: whether the controllers of AMS change these
            where the scene hardly changes.
        horizon: seconds of video that the student remembers.
        iterations, batch_size: of the training in each period.
        learning_rate: of Adam.
        class_indices: the classes that the video has; all by default.
        strategy: which weights learn, as for `make_selector`.
        fraction: share of the weights that learn in a period.
        source: what the gradient-guided strategy ranks weights by.
        statistics: `"sent"` if those of batch normalisation move and are
            sent, `"frozen"` if they stay.
        values, value_steps: how weights are sent, as `values` and `steps` of
            `UpdateCodec`.
        most_buffer_bytes: of the frames and labels that one student
            remembers.
        most_waiting_bytes: of encoded frames of one edge that wait.

    Raises:
        ValueError: if one is not as described.
    """

    height: int = 256
    keep_aspect: bool = False
    rate: float = 1.0
    update_period: float = 10.0
    adapt_rate: bool = True
    adapt_period: bool = False
    horizon: float = 240.0
    iterations: int = 20
    batch_size: int = 8
    learning_rate: float = 1e-3
    class_indices: tuple | None = None
    strategy: str = "gradient-guided"
    fraction: float = 0.05
    source: str = "first_step"
    statistics: str = "sent"
    values: str = "float16"
    value_steps: int = MOST_STEPS
    most_buffer_bytes: int = 2**29
    most_waiting_bytes: int = 2**26

    def __post_init__(self):
        if self.height < 16 or self.height % 2:
            raise ValueError(
                f"height must be an even number of 16 or more, not "
                f"{self.height}."
            )
        for name in ("rate", "update_period", "horizon", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(
                    f"{name} must be above 0, not {getattr(self, name)}."
                )
        for name in ("iterations", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be 1 or more, not {getattr(self, name)}."
                )
        if not 0 < self.fraction <= 1:
            raise ValueError(
                f"fraction must be above 0 and at most 1, not {self.fraction}."
            )
        if self.value_steps != MOST_STEPS and self.values != "int8":
            raise ValueError(
                f"value_steps is of int8; values is {self.values!r}."
            )

    def frame_size(self, video_size):
        """`(height, width)` of the frames for a video's, both even."""
        if not self.keep_aspect:
            return self.height, 2 * self.height
        aspect = video_size[1] / video_size[0]
        # What an edge says of its video must not fill the memory.
        return self.height, 2 * round(
            self.height * min(max(aspect, 0.25), 4) / 2
        )


class Classroom:
    """One model, teacher, trainer and codec for the students of all edges.

        classroom = Classroom(model, teacher)
        session = ServerSession(classroom, "car-7")

    A student's own state is in its session; the model only computes with it.

    Args:
        model: a `VideoSegmenter` with the weights that all edges begin with.
        teacher: a `Teacher` in the classes of the model.
        settings: `TeachingSettings`.

    Raises:
        ValueError: if the model cannot be trained, or a setting is none.

    Attributes:
        model, teacher, settings: as given.
        space, codec, trainer, selector: of the model.
        sends_statistics: whether those of batch normalisation are sent.
        class_names: of the model.
        initial, initial_digest: float32 `[size]`, the weights that it came
            with, and their digest.
    """

    def __init__(self, model, teacher, settings=None):
        self.model, self.teacher = model, teacher
        self.settings = settings or TeachingSettings()
        self.space = ParameterSpace(model)
        self.codec = UpdateCodec(
            self.space,
            values=self.settings.values,
            steps=self.settings.value_steps,
        )
        self.class_names = list(model.label_map.names)
        self.initial = self.space.read()
        self.initial_digest = weights_digest(self.initial)
        self.selector = make_selector(
            self.settings.strategy, self.settings.fraction, self.settings.source
        )
        self.sends_statistics = self.settings.statistics == "sent"
        self.trainer = PhaseTrainer(
            model,
            self.space,
            learning_rate=self.settings.learning_rate,
            class_indices=self.settings.class_indices,
            statistics=self.settings.statistics,
        )

    def prepare(self):
        """Compiles the training, which may take a minute, before any edge.

        The frames of edges with another aspect than `frame_size` tells
        without a video are compiled for when they come.
        """
        if self.settings.keep_aspect:
            return
        size = self.settings.frame_size(None)
        buffer = ReplayBuffer(1.0)
        buffer.add(
            0.0, np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8)
        )
        self.trainer.run_phase(
            StudentState.fresh(self.space, self.initial),
            buffer,
            self.selector,
            1,
            self.settings.batch_size,
            np.random.default_rng(0),
        )
