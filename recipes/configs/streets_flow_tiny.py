"""Flow network of accel_tiny, on real video, stills and drawn streets.

Data as for `streets_flow_small.py`. Run it with:

    accel-tf recipe train_flow streets_flow_tiny

A quarter of an hour on two busy processor cores; the end-point error of the
last 400 updates is 0.19 feature pixels of 8, over all pixels, those that
don't count with 0. Labels that it carries on CamVid's `val` from every 2nd,
3rd, 5th and 10th frame have .594, .591, .577 and .535 mean IoU: a network
this small learns to match slowly, and does better with more updates.
"""

import dataclasses

from accel_tf.recipes.configs.streets_flow_small import config as small

config = dataclasses.replace(
    small,
    out="out/streets/flow_tiny",
    model="dff_tiny",
    steps=2400,
    steps_per_epoch=400,
)
