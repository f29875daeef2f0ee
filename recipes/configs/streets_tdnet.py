"""Drawn streets, td4_psp_tiny: four paths, taught by psp_tiny_deep.

Run it with:

    accel-tf recipe train_tdnet streets_tdnet

Without the teacher: `--set teacher=none --set teacher_weights=none`. Seven
minutes on two busy processor cores, four without. Mean IoU on the streets of
validation: 63.8 %, and 64.8 % without the teacher.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import TDNetConfig

config = TDNetConfig(
    data="synthetic_streets/tiny_128x256",
    out="out/streets/tdnet",
    model="td4_psp_tiny",
    pspnet="psp_tiny",
    pspnet_weights="out/streets/psp/psp_tiny.keras",
    values_start="features",
    teacher="psp_tiny_deep",
    teacher_weights="out/streets/psp_deep/psp_tiny_deep.keras",
    length=4,
    augmentation=Augmentation(crop=(96, 192)),
    batch_size=8,
    steps=900,
    steps_per_epoch=225,
    optimizer="adam",
    learning_rate=1e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    class_weight_power=-0.35,
    validation_epochs=2,
)
