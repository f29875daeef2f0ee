"""Streets, accel_tiny: update branch and fusion together.

A stage of `train_streets.py`; by itself:

    accel-tf recipe train_accel streets_accel

Eight minutes beside other work. Clips of the videos move by themselves, stills
under a simulated camera. With key frames at an interval of 5: 87.9 % of the
pixels and 51.6 % mean IoU on CamVid's `val`. The fusion starts as Deep Feature
Flow: from the mean of both branches, of which the update branch is by far the
weaker, the same training ends 3 points lower.
"""

import dataclasses

from accel_tf.data.augmentation import Augmentation
from accel_tf.recipes.configs.streets_reference import config as reference

config = dataclasses.replace(
    reference,
    out="out/streets/accel",
    model="accel_tiny",
    reference="out/streets/longer/deeplab_tiny.keras",
    flow="out/streets/flow/dff_tiny.keras",
    update="out/streets/update_again/deeplab_tiny_light.keras",
    trainable=("update_backbone/*", "update_head/*", "fusion/*"),
    fusion_start="reference",
    length=3,
    augmentation=Augmentation(
        crop=(224, 288),
        scale=(0.8, 1.6),
        aspect=0.2,
        camera=0.6,
        camera_motion=1.0,
    ),
    steps=250,
    steps_per_epoch=125,
    validation_split=None,
    learning_rate=1e-3,
)
