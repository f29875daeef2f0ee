"""CamVid, update branch of accel_tiny.

Run it with:

    accel-tf recipe train_deeplab camvid_update

Nine minutes on two busy processor cores. Mean IoU on the dense `val`: 50.2 %;
33.3 % with `--set split=train_other_drives`.
"""

import dataclasses

from accel_tf.recipes.configs.camvid_reference import config as reference

config = dataclasses.replace(
    reference,
    out="out/camvid/update",
    model="deeplab_tiny_light",
    batch_size=16,
    steps=800,
    steps_per_epoch=250,
)
