"""Flow network of accel_tiny, on real video, stills and drawn streets.

Data as for `streets_flow_small.py`. Run it with:

    python recipes/train_flow.py recipes/configs/streets_flow_tiny.py

A quarter of an hour on two busy processor cores; the end-point error of the
last 400 updates is 0.19 feature pixels of 8, over all pixels, those that
don't count with 0. Labels that it carries on CamVid's `val` from every 2nd,
3rd, 5th and 10th frame have .594, .591, .577 and .535 mean IoU: a network
this small learns to match slowly, and does better with more updates.
"""

import dataclasses
import pathlib
import runpy

_small = runpy.run_path(
    str(pathlib.Path(__file__).with_name("streets_flow_small.py"))
)["config"]

config = dataclasses.replace(
    _small,
    out="out/streets/flow_tiny",
    model="dff_tiny",
    steps=2400,
    steps_per_epoch=400,
)
