"""One's own frames, accel_tiny: update branch and fusion together.

The last of the steps that `own_reference` lists:

    accel-tf recipe train_accel own_accel --set data_dir=data

Clips of a video move by themselves; single pictures need a simulated camera:
`--set augmentation.camera_motion=1`.
"""

import dataclasses

from accel_tf.recipes.configs.own_reference import config as reference

config = dataclasses.replace(
    reference,
    out="out/own/accel",
    model="accel_tiny",
    reference="out/own/reference/deeplab_tiny.keras",
    flow="out/own/flow/dff_tiny.keras",
    update="out/own/update/deeplab_tiny_light.keras",
    trainable=("update_backbone/*", "update_head/*", "fusion/*"),
    fusion_start="reference",
    length=5,
    augmentation=dataclasses.replace(reference.augmentation, scale=(1.0, 1.5)),
    steps=400,
    steps_per_epoch=200,
    learning_rate=1e-3,
)
