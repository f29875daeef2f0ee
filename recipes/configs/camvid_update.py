"""CamVid, update branch of accel_tiny.

Run it with:

    python recipes/train_deeplab.py recipes/configs/camvid_update.py

Nine minutes on two busy processor cores. Mean IoU on the dense `val`: 50.2 %;
32.6 % with `--set split=train_other_drives`.
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
