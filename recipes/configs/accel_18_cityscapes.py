"""Accel-18 on Cityscapes by the paper's protocol: only the fusion learns.

    accel-tf recipe train_accel accel_18_cityscapes \
        --set weights=rfcn_dff_flownet_vid-0000.params,deeplab-101-0000.params,deeplab-18-0000.params

A key frame four frames before the labelled one; 53 passes over 2,975 clips.
The official code added up the gradients of its GPUs, one clip each: with N
clips a batch, multiply the learning rates by N and divide the numbers of
steps by N. Not run here; the authors report 72.1 % mean IoU on the validation
set at an interval of 5 (their README). Accel-34 and Accel-50 differ in `model`
and the third file.
"""  # noqa: E501

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig
from accel_tf.training.freezing import ACCEL_TRAINED

config = SegmentationConfig(
    data="cityscapes_sequences/full_window5",
    out="out/cityscapes/accel_18",
    model="accel_18",
    fusion_start="paper",
    trainable=ACCEL_TRAINED,
    length=5,
    augmentation=Augmentation(crop=(768, 1024), flip=False),
    batch_size=1,
    steps=53 * 2975,
    steps_per_epoch=2975,
    learning_rate=5e-4,
    warmup_learning_rate=5e-5,
    warmup_steps=1000,
    multipliers={"fusion/kernel": 2.0, "fusion/bias": 4.0},
    validation_limit=50,
)
