"""CamVid, accel_tiny: update branch and fusion together.

Run it with:

    accel-tf recipe train_accel camvid_accel

CamVid's training frames are a second apart, so the clips are single frames
under a simulated camera. Seven minutes on two busy processor cores. Mean IoU
on the dense `val` at an interval of 5: 56.2 %, and 57.3 % along DIS
(`with_flow`), where the reference branch alone, carried along DIS, has 55.2 %;
37.5 % and 38.2 %, beside 38.5 %, when all parts were trained with
`--set split=train_other_drives`: the update branch learns the drives that it
sees (`camvid_accel_fusion` does without). From the mean of both branches
(`fusion_start="model"`) Accel along DIS had 56.1 % and 37.8 %, and with a rate
of 3e-4 56.3 % and 38.1 %.
"""

import dataclasses

from accel_tf.recipes.configs.camvid_reference import config as reference

config = dataclasses.replace(
    reference,
    out="out/camvid/accel",
    model="accel_tiny",
    reference="out/camvid/reference/deeplab_tiny.keras",
    flow="out/camvid/flow/dff_tiny.keras",
    update="out/camvid/update/deeplab_tiny_light.keras",
    trainable=("update_backbone/*", "update_head/*", "fusion/*"),
    length=5,
    augmentation=dataclasses.replace(
        reference.augmentation, scale=(1.0, 1.5), camera_motion=1.0
    ),
    steps=400,
    steps_per_epoch=200,
    learning_rate=1e-3,
    fusion_start="reference",
)
