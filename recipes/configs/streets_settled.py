"""Streets, reference branch of accel_tiny: second part of its training.

A stage of `train_streets.py`; by itself:

    accel-tf recipe train_deeplab streets_settled

From the weights of `streets_reference`, with milder changes to the frames:
the few frames that there are should be seen about as they are, too.
12 minutes; 83.3 % of the pixels and 41.5 % mean IoU on CamVid's `val`. Once
more, with 400 steps (`settled_again`): 84.7 % and 44.2 %.
"""

import dataclasses

from accel_tf.recipes.configs.streets_reference import config as reference

config = dataclasses.replace(
    reference,
    out="out/streets/settled",
    weights=("out/streets/reference/deeplab_tiny.keras",),
    augmentation=dataclasses.replace(
        reference.augmentation,
        scale=(0.6, 1.6),
        aspect=0.2,
        rotation=2.0,
        camera=0.5,
    ),
    steps=500,
    steps_per_epoch=125,
    validation_split=None,
    learning_rate=2e-3,
)
