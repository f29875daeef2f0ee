"""Flow network of accel_tiny, on real video, stills and drawn streets.

Data as for `streets_flow_small.py`. Run it with:

    python recipes/train_flow.py recipes/configs/streets_flow_tiny.py

A quarter of an hour on two busy processor cores; the end-point error of the
last 400 updates is 0.19 feature pixels of 8, over all pixels, those that
don't count with 0. Labels that it carries on CamVid's `val` from every 2nd,
3rd, 5th and 10th frame have .594, .591, .577 and .535 mean IoU: a network
this small learns to match slowly, and does better with more updates.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import FlowConfig

config = FlowConfig(
    data="video_folder/streets",
    mixed_in={"synthetic_streets/flow_256x512": 0.2},
    stills=0.2,
    out="out/streets/flow_tiny",
    model="dff_tiny",
    objective="taught",
    examples=3000,
    spacing=(1, 3),
    augmentation=Augmentation(
        crop=(192, 256),
        scale=(0.7, 1.5),
        aspect=0.2,
        color=0.3,
        camera_motion=1.0,
    ),
    batch_size=8,
    steps=2400,
    steps_per_epoch=400,
    optimizer="adam",
    learning_rate=2e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
)
