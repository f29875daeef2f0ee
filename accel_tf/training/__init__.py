"""Losses, optimizers, schedules and wrappers for training."""

from accel_tf.training.distillation import DistillationLoss, PredictedLoss
from accel_tf.training.freezing import (
    ACCEL_TRAINED,
    DEEPLAB_101_FROZEN,
    freeze,
    synchronize_batch_norm,
    train_only,
)
from accel_tf.training.losses import (
    EndPointError,
    OhemCrossEntropy,
    SegmentationCrossEntropy,
)
from accel_tf.training.optimizers import SGD, Adam
from accel_tf.training.pairwise_flow import PairwiseFlow
from accel_tf.training.photometric import PhotometricLoss
from accel_tf.training.schedules import (
    ConstantWarmup,
    ExponentialWarmup,
    make_schedule,
)
from accel_tf.training.training_model import TrainingModel

__all__ = [
    "ACCEL_TRAINED",
    "Adam",
    "ConstantWarmup",
    "DEEPLAB_101_FROZEN",
    "DistillationLoss",
    "EndPointError",
    "ExponentialWarmup",
    "OhemCrossEntropy",
    "PairwiseFlow",
    "PhotometricLoss",
    "PredictedLoss",
    "SGD",
    "SegmentationCrossEntropy",
    "TrainingModel",
    "freeze",
    "make_schedule",
    "synchronize_batch_norm",
    "train_only",
]
