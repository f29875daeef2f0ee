"""Streets, update branch of accel_tiny, for the weights in the package.

A stage of `train_streets.py`; by itself:

    accel-tf recipe train_deeplab streets_update

25 minutes beside other work on two cores.
"""

import dataclasses

from accel_tf.recipes.configs.streets_reference import config as reference

config = dataclasses.replace(
    reference,
    out="out/streets/update",
    model="deeplab_tiny_light",
    steps=800,
    steps_per_epoch=200,
)
