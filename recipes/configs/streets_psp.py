"""Drawn streets, psp_tiny: the start of every path of td4_psp_tiny.

Run it with:

    accel-tf recipe train_pspnet streets_psp

A minute on two processor cores; mean IoU on the streets of validation: 64.0 %.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="synthetic_streets/tiny_128x256",
    out="out/streets/psp",
    model="psp_tiny",
    augmentation=Augmentation(crop=(96, 192)),
    batch_size=16,
    steps=300,
    steps_per_epoch=150,
    optimizer="adam",
    learning_rate=4e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    class_weight_power=-0.35,
    validation_epochs=2,
)
