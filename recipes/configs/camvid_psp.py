"""CamVid, psp_tiny: the start of every path of td4_psp_tiny.

Run it with:

    accel-tf recipe train_pspnet camvid_psp

Eleven minutes on two busy processor cores; mean IoU on the dense `val`, 11
classes: 53.2 %.
"""

import dataclasses

from accel_tf.recipes.configs.camvid_reference import config as reference

config = dataclasses.replace(
    reference,
    out="out/camvid/psp",
    model="psp_tiny",
    batch_size=16,
    steps=800,
)
