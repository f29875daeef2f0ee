"""CamVid, psp_tiny_deep: the teacher of td4_psp_tiny.

Run it with:

    accel-tf recipe train_pspnet camvid_psp_deep

Half an hour on two busy processor cores; mean IoU on the dense `val`, 11
classes: 59.0 %.
"""

import dataclasses

from accel_tf.recipes.configs.camvid_reference import config as reference

config = dataclasses.replace(
    reference,
    out="out/camvid/psp_deep",
    model="psp_tiny_deep",
)
