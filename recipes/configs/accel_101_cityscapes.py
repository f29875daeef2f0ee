"""Accel-101 on Cityscapes by the paper's protocol: only the fusion learns.

    accel-tf recipe train_accel accel_101_cityscapes \
        --set weights=rfcn_dff_flownet_vid-0000.params,deeplab-101-0000.params

A key frame two frames before the labelled one; 100 passes over 2,975 clips.
Batches as in `accel_18_cityscapes.py`. Not run here; the authors report
75.5 % mean IoU on the validation set at an interval of 5 (their README).
"""

import dataclasses

from accel_tf.recipes.configs.accel_18_cityscapes import config as accel_18

config = dataclasses.replace(
    accel_18,
    out="out/cityscapes/accel_101",
    model="accel_101",
    length=3,
    steps=100 * 2975,
)
