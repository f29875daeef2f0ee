"""CamVid, update branch of accel_tiny.

python recipes/train_deeplab.py recipes/configs/camvid_update.py
"""

import dataclasses
import pathlib
import runpy

_reference = runpy.run_path(
    str(pathlib.Path(__file__).with_name("camvid_reference.py"))
)["config"]

config = dataclasses.replace(
    _reference,
    out="out/camvid/update",
    model="deeplab_tiny_light",
    batch_size=16,
    steps=800,
    steps_per_epoch=250,
)
