"""Drawn streets, psp_tiny_deep: the teacher of td4_psp_tiny.

Run it with:

    python recipes/train_pspnet.py recipes/configs/streets_psp_deep.py

Two minutes on two processor cores; mean IoU on the streets of validation:
64.1 %.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="synthetic_streets/tiny_128x256",
    out="out/streets/psp_deep",
    model="psp_tiny_deep",
    augmentation=Augmentation(crop=(96, 192)),
    batch_size=8,
    steps=450,
    steps_per_epoch=150,
    optimizer="adam",
    learning_rate=4e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    class_weight_power=-0.35,
    validation_epochs=2,
)
