"""Streets, reference branch of accel_tiny: last and longest part of training.

A stage of `train_streets.py`; by itself:

    accel-tf recipe train_deeplab streets_longer

From the weights of `streets_settled`, with changes to the frames that are
between those of the first part and those of the second: other cameras should
be covered, and a network this small should still be able to learn it.
57 minutes beside other work on two processor threads; 88.4 % of the pixels and
53.2 % mean IoU on CamVid's `val`.
"""

import dataclasses

from accel_tf.recipes.configs.streets_reference import config as reference

config = dataclasses.replace(
    reference,
    out="out/streets/longer",
    weights=("out/streets/settled_again/deeplab_tiny.keras",),
    augmentation=dataclasses.replace(
        reference.augmentation,
        scale=(0.6, 1.8),
        aspect=0.25,
        rotation=3.0,
        camera=0.6,
    ),
    steps=3000,
    steps_per_epoch=300,
    validation_split=None,
    learning_rate=3e-3,
)
