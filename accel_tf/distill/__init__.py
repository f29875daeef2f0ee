"""Learning on the go: a student that a teacher tunes over a network (AMS)."""

from accel_tf.distill.classroom import Classroom, TeachingSettings
from accel_tf.distill.codec import (
    DecodedUpdate,
    EncodedUpdate,
    UpdateCodec,
    UpdateError,
    original_update,
)
from accel_tf.distill.edge_session import EdgeSession
from accel_tf.distill.label_similarity import label_similarity
from accel_tf.distill.parameter_space import ParameterSpace
from accel_tf.distill.phase_result import PhaseResult
from accel_tf.distill.phase_trainer import PhaseTrainer
from accel_tf.distill.replay_buffer import ReplayBuffer
from accel_tf.distill.sampling_rate import SamplingRate
from accel_tf.distill.selectors import (
    STRATEGIES,
    Full,
    GradientGuided,
    LayerSubset,
    RandomSubset,
    Selector,
    make_selector,
)
from accel_tf.distill.server_session import ServerSession
from accel_tf.distill.student_pair import StudentPair
from accel_tf.distill.student_state import StudentState
from accel_tf.distill.update_period import UpdatePeriod

__all__ = [
    "STRATEGIES",
    "Classroom",
    "DecodedUpdate",
    "EdgeSession",
    "EncodedUpdate",
    "Full",
    "GradientGuided",
    "LayerSubset",
    "ParameterSpace",
    "PhaseResult",
    "PhaseTrainer",
    "RandomSubset",
    "ReplayBuffer",
    "SamplingRate",
    "Selector",
    "ServerSession",
    "StudentPair",
    "StudentState",
    "TeachingSettings",
    "UpdateCodec",
    "UpdateError",
    "UpdatePeriod",
    "label_similarity",
    "make_selector",
    "original_update",
]
