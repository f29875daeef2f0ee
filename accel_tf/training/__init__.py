"""Losses, optimizers, schedules and wrappers for training."""

from accel_tf.training.distillation import DistillationLoss, PredictedLoss
from accel_tf.training.freezing import (
    ACCEL_TRAINED,
    DEEPLAB_101_FROZEN,
    freeze,
    synchronize_batch_norm,
    train_only,
)
from accel_tf.training.loss_by_name import make_loss
from accel_tf.training.losses import (
    EndPointError,
    FocalCrossEntropy,
    OhemCrossEntropy,
    SegmentationCrossEntropy,
)
from accel_tf.training.optimizers import SGD, Adam
from accel_tf.training.overlap_losses import DiceLoss, LovaszSoftmax
from accel_tf.training.pairwise_flow import PairwiseFlow
from accel_tf.training.photometric import PhotometricLoss
from accel_tf.training.precise_batch_norm import precise_batch_norm
from accel_tf.training.schedules import (
    ConstantWarmup,
    ExponentialWarmup,
    LinearWarmup,
    make_schedule,
)
from accel_tf.training.training_model import TrainingModel

__all__ = [
    "ACCEL_TRAINED",
    "Adam",
    "ConstantWarmup",
    "DEEPLAB_101_FROZEN",
    "DiceLoss",
    "DistillationLoss",
    "EndPointError",
    "ExponentialWarmup",
    "FocalCrossEntropy",
    "LinearWarmup",
    "LovaszSoftmax",
    "OhemCrossEntropy",
    "PairwiseFlow",
    "PhotometricLoss",
    "PredictedLoss",
    "SGD",
    "SegmentationCrossEntropy",
    "TrainingModel",
    "freeze",
    "make_loss",
    "make_schedule",
    "precise_batch_norm",
    "synchronize_batch_norm",
    "train_only",
]
