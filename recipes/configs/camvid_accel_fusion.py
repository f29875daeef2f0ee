"""CamVid, accel_tiny: the fusion alone, as in the paper's protocol.

Run it with:

    accel-tf recipe train_accel camvid_accel_fusion

One minute on two processor cores. The branches stay as they were trained, and
100 small steps from Deep Feature Flow leave the fusion near it: what it learns
on frames that both branches know holds less where they know nothing. Mean IoU
along DIS on the dense `val` at 2, 3, 5 and 10: 55.9, 56.0, 55.6, 55.0 %
(`camvid_accel`, whose update branch learns too, 56.8 to 57.3 %; the reference
carried along DIS 55.6, 55.6, 55.2, 54.9 %); with `--set
split=train_other_drives` 38.4, 38.4, 38.7, 38.2 % (38.1, 38.0, 38.2, 37.5 %;
carried 38.4, 38.4, 38.5, 37.9 %). Number of steps and rate were chosen by these
scores.
"""

import dataclasses

from accel_tf.recipes.configs.camvid_accel import config as accel

config = dataclasses.replace(
    accel,
    out="out/camvid/accel_fusion",
    trainable=("fusion/*",),
    steps=100,
    steps_per_epoch=100,
    learning_rate=6e-4,
)
