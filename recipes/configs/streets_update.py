"""Streets, update branch of accel_tiny, for the weights in the package.

A stage of `train_streets.py`; by itself:

    python recipes/train_deeplab.py recipes/configs/streets_update.py

25 minutes beside other work on two cores.
"""

import dataclasses
import pathlib
import runpy

_reference = runpy.run_path(
    str(pathlib.Path(__file__).with_name("streets_reference.py"))
)["config"]

config = dataclasses.replace(
    _reference,
    out="out/streets/update",
    model="deeplab_tiny_light",
    batch_size=8,
    steps=800,
    steps_per_epoch=200,
)
