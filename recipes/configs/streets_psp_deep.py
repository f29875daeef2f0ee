"""Drawn streets, psp_tiny_deep: the teacher of td4_psp_tiny.

Run it with:

    accel-tf recipe train_pspnet streets_psp_deep

Two minutes on two processor cores; mean IoU on the streets of validation:
64.1 %.
"""

import dataclasses

from accel_tf.recipes.configs.streets_psp import config as shallow

config = dataclasses.replace(
    shallow,
    out="out/streets/psp_deep",
    model="psp_tiny_deep",
    batch_size=8,
    steps=450,
)
